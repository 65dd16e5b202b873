"""What ``make demo-real`` trains: streets and cell nuclei on one frozen ViT-S/14 and its adapter.

    make demo-real

Two tasks of ``stage1_4task`` at smaller sizes and for 200 steps: to see it work on real pictures,
in minutes, not to reach what a longer training does. For two processes of one core each.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.default_runtime import *
    from ._base_.argus_small import *
    from ._base_.schedule import *
    from ._base_.tasks.camvid_semantic import camvid_semantic
    from ._base_.tasks.nuclei_instance import nuclei_instance

_crop_size = (224, 224)
_scales = dict(camvid=(384, 288), nuclei=(320, 256))
_batch_sizes = dict(camvid=2, nuclei=1)  # of each process

tasks = dict(camvid=camvid_semantic, nuclei=nuclei_instance)
for _name, _task in tasks.items():
    _task.setdefault("test", _task["val"])
    _task["train"]["batch_size"] = _batch_sizes[_name]
    for _part in ("train", "val", "test"):
        for _step in _task[_part]["dataset"]["pipeline"]:
            if "crop_size" in _step:
                _step["crop_size"] = _crop_size
            if "scale" in _step:
                _step["scale"] = _scales[_name]
_camvid, _nuclei = camvid_semantic["decoder"], nuclei_instance["decoder"]
_camvid["data_preprocessor"]["size"] = _crop_size
_nuclei["data_preprocessor"]["batch_augments"][0]["size"] = _crop_size

_max_iters = 200
_warmup_iters = 20
train_cfg.update(max_iters=_max_iters)
param_scheduler[0].update(end=_warmup_iters)
param_scheduler[1].update(begin=_warmup_iters, end=_max_iters, T_max=_max_iters - _warmup_iters)
default_hooks["logger"].update(interval=10)
