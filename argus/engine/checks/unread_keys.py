"""Keys that a config of OpenMMLab may have and that nothing here reads, with what to do instead.

A config may inherit them with something that is wanted, so they are told and are no error.
"""

from collections.abc import Iterator, Mapping
from typing import Any

_DATA = "data and metrics are those of each task: train, val, test and metrics in tasks"
UNREAD = {
    "model": "the model is 'backbone' and the decoder of each task",
    "data_preprocessor": "each task's decoder has its own data_preprocessor",
    "train_dataloader": _DATA,
    "val_dataloader": _DATA,
    "test_dataloader": _DATA,
    "val_evaluator": _DATA,
    "test_evaluator": _DATA,
    "tta_model": (
        "there is no test-time augmentation beyond what a decoder does itself: a flip test or "
        "sliding windows by its test_cfg"
    ),
    "tta_pipeline": "see tta_model",
    "auto_scale_lr": "the learning rate is that of optim_wrapper, whatever the batch size",
    "log_processor": "how often is logged says default_hooks.logger",
    "model_wrapper_cfg": "the runner wraps the model for several processes itself",
    "sync_bn": "BatchNorm stays as it is; take norms that do not look at other samples",
    "compile": "argus predict and argus serve compile with --compile",
}


def unread_keys(cfg: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for every key of a config that has a value and is not read."""
    for key, instead in UNREAD.items():
        value = cfg.get(key)
        # mmdet's runtime has auto_scale_lr switched off.
        is_off = isinstance(value, Mapping) and value.get("enable") is False
        if value and not is_off and not (key == "tta_pipeline" and cfg.get("tta_model")):
            yield f"{key} of the config is not read: {instead}."
