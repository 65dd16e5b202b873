"""A backbone as stage 1 left it: its weights read from a checkpoint, and frozen or not."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from argus.errors import CheckpointError, ConfigError
from argus.model_config import build_enclosed, resolve_config
from argus.models.backbones.separate_vit import read_model
from argus.registry import MODELS
from argus.storage.checkpoint import read_checkpoint, tensor_hash
from argus.storage.tensor_problems import tensor_problems

WEIGHTS = ("auto", "ema", "raw")
_PREFIX = "backbone."


@MODELS.register_module()
def trained_backbone(
    backbone: Mapping[str, Any] | nn.Module | None = None,
    *,
    checkpoint: str,
    weights: str = "auto",
    freeze: bool = True,
) -> nn.Module:
    """Build a backbone and load what stage 1 trained of it; used as the ``type`` of a config.

    The module is the backbone itself, not a wrapper: its parameters keep their names.

    Args:
        backbone: Config of the backbone of stage 1, or the module; not for a merged model, which
            has it.
        checkpoint: Path of the stage-1 checkpoint; or the folder of a merged model; or ``random``
            to take the weights as they are initialised, which tests do.
        weights: ``ema`` or ``raw``; ``auto`` takes the averaged ones if the file has them. A merged
            model has one kind.
        freeze: Freeze all of it, so that decoders alone are trained. ``False`` goes on training
            what stage 1 trained.

    Raises:
        ConfigError: If ``weights`` is unknown, or the backbone cannot be frozen.
        CheckpointError: If the file does not fit the backbone.
    """
    if weights not in WEIGHTS:
        raise ConfigError(f"trained_backbone.weights: expected one of {WEIGHTS}, found {weights!r}")
    if checkpoint != "random" and Path(checkpoint).is_dir():
        module, name = _of_model(checkpoint, backbone)
    elif checkpoint != "random" and not Path(checkpoint).exists():
        raise CheckpointError(missing_checkpoint_message(checkpoint))
    elif backbone is None:
        raise ConfigError(
            f"trained_backbone: checkpoint={checkpoint!r} is no folder of a merged model, so the "
            "backbone's config is needed: backbone=dict(type=ViTAdapter, ...), as in stage 1."
        )
    else:
        module = backbone if isinstance(backbone, nn.Module) else MODELS.build(backbone)
        name = f"{getattr(module, 'base_name', type(module).__name__)}+{Path(checkpoint).stem}"
        if checkpoint != "random":
            _load(module, checkpoint, weights)
    if freeze:
        if not hasattr(module, "freeze"):
            raise ConfigError(
                f"backbone: {type(module).__name__} has no method freeze(), so it cannot be kept "
                "as it is; add one, as that of VitBackbone, or set freeze=False."
            )
        module.freeze(name)
    return module


def missing_checkpoint_message(checkpoint: str) -> str:
    """What to do where the checkpoint of stage 1 is not there."""
    return (
        f"backbone.checkpoint: {checkpoint} does not exist. Stage 2 stands on a trained stage "
        "1: train it with tools/dist_train.sh configs/stage1_5task.py 8, or point "
        "backbone.checkpoint at its checkpoint, or at the folder of a merged model."
    )


def _of_model(path: str, backbone: Any) -> tuple[Any, str]:
    """Backbone of a merged model, and its name."""
    if backbone is not None:
        raise ConfigError(
            f"trained_backbone: {path} is a model and has its backbone's config; remove backbone."
        )
    model = read_model(path)
    state = {name.removeprefix(_PREFIX): value for name, value in model.backbone.items()}
    config = resolve_config(model.config, tasks=())["backbone"]
    with build_enclosed(state, what=f"the backbone of {path}"):
        module: Any = MODELS.build(config)
        module.load_state_dict(state, strict=True)
    return module, model.manifest["backbone"]["name"]


def _load(module: Any, path: str, weights: str) -> None:
    content = read_checkpoint(path, needs=("base", "state_dict"))
    if weights == "ema" and "ema" not in content:
        raise CheckpointError(f"{path} has no averaged weights; set backbone.weights='raw'.")
    state = dict(content["state_dict"])
    if weights != "raw":
        state |= content.get("ema", {})
    state = {n.removeprefix(_PREFIX): v for n, v in state.items() if n.startswith(_PREFIX)}
    frozen: Mapping[str, Tensor] = module.frozen_state() if hasattr(module, "frozen_state") else {}
    _check_base(frozen, content["base"], path, getattr(module, "base_name", ""))
    own = {name: value for name, value in module.state_dict().items() if name not in frozen}
    problems = tensor_problems(own, state)
    if problems:
        raise CheckpointError(
            f"{path} does not fit the backbone of this config:\n  "
            + "\n  ".join(problems)
            + "\nTake the backbone config that stage 1 was trained with."
        )
    module.load_state_dict(state, strict=False)


def _check_base(
    frozen: Mapping[str, Tensor], wanted: Mapping[str, Any], path: str, name: str
) -> None:
    digest = tensor_hash({f"{_PREFIX}{n}": v for n, v in frozen.items()}) if frozen else ""
    if digest != wanted["sha256"]:
        raise CheckpointError(
            f"{path} was trained on the frozen base {wanted['name'] or 'none'} (SHA-256 "
            f"{wanted['sha256'][:12] or '-'}), but this config's is {name if frozen else 'none'} "
            f"({digest[:12] or '-'}). Set weights and freeze_vit of the ViT as in stage 1."
        )
