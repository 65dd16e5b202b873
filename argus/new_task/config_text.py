"""The text of a new config: at most 25 lines, a recipe and a schedule."""

from collections.abc import Mapping
from typing import Any

from argus.new_task.backbone_lines import BackboneLines
from argus.new_task.report import TITLES

MAX_LINES = 25
RECIPES = dict(
    detection="DetectionTask",
    instance="InstanceTask",
    keypoints="KeypointsTask",
    semantic="SemanticTask",
    parsing="ParsingTask",
    panoptic="PanopticTask",
    classification="ClassificationTask",
    tags="TagsTask",
    depth="DepthTask",
    normals="NormalsTask",
    boundary="BoundaryTask",
    saliency="SaliencyTask",
    anomaly="AnomalyTask",
)
_PASSES = 30  # over the training pictures
_LEAST_STEPS, _MOST_STEPS = 400, 40_000
_MOST_CLASSES_CHARS = 300
_WIDTH = 96


def steps_for(num_pictures: int, batch_size: int) -> int:
    """Steps of a first training, in round numbers: some passes, within bounds.

    Args:
        num_pictures: To train on.
        batch_size: Of a step.
    """
    steps = min(_MOST_STEPS, max(_LEAST_STEPS, _PASSES * num_pictures / batch_size))
    unit = 10 ** (len(str(int(steps))) - 2)
    return int(-(-steps // unit) * unit)


def config_text(
    name: str,
    kind: str,
    options: Mapping[str, Any],
    backbone: BackboneLines,
    *,
    file: str,
    max_iters: int,
) -> str:
    """The config as Python.

    Args:
        name: Of the task.
        kind: Of the task.
        options: Keys of the recipe beside ``type``.
        backbone: How the backbone is named.
        file: Of the config, for its docstring.
        max_iters: Steps of the training.
    """
    every = max(1, max_iters // 5)
    imports = [
        "from mmengine.optim import CosineAnnealingLR",
        "from torch.optim import AdamW",
        "from argus.engine import CheckpointHook, ProgressHook, ValidationPicturesHook",
        *backbone.imports,
    ]
    lines = [
        f'"""{name}: {TITLES[kind].split(" (")[0]}, as `argus new` has begun it.',
        "",
        f"argus train {file}",
        '"""',
        *_sorted(imports),
        "",
        *backbone.lines,
        f"tasks = dict({name}=dict(",
        *_recipe(RECIPES[kind], options),
        "))",
        f"train_cfg = dict(max_iters={max_iters}, val_interval={every})",
        "optim_wrapper = dict(optimizer=dict(type=AdamW, lr=5e-4), clip_grad=dict(max_norm=1.0))",
        "param_scheduler = dict(type=CosineAnnealingLR, by_epoch=False, T_max="
        f"{max_iters}, eta_min=0)",
        "default_hooks = dict(",
        f"    checkpoint=dict(type=CheckpointHook, interval={every}, max_keep_ckpts=2),",
        "    logger=dict(type=ProgressHook), val_pictures=dict(type=ValidationPicturesHook),",
        ")",
    ]
    assert len(lines) <= MAX_LINES, f"{len(lines)} lines"
    return "\n".join(lines) + "\n"


def _sorted(imports: list[str]) -> list[str]:
    """Those of other packages first; what stands in a ``with`` last, after its head."""
    plain = [line for line in imports if line.startswith("from") and "read_base" not in line]
    rest = [line for line in imports if line not in plain]
    others = [line for line in plain if not line.startswith("from argus")]
    heads = [line for line in rest if line.startswith("from")]
    inner = [line for line in rest if not line.startswith("from")]
    return [*heads, *sorted(others), *sorted(set(plain) - set(others)), *inner]


def _recipe(kind: str, options: Mapping[str, Any]) -> list[str]:
    """The keys of the recipe, as many on a line as fit; long lists have one to themselves."""
    lines, line = [], ""
    for text in (f'type="{kind}"', *(f"{key}={_text(value)}" for key, value in options.items())):
        if line and len(line) + len(text) > _WIDTH:
            lines.append(line.rstrip())
            line = ""
        line = f"{line}{text}, " if line else f"    {text}, "
    return [*lines, line.rstrip()]


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, str):
        return (
            '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
            if value.isprintable()
            else repr(value)
        )
    return repr(value)


def shown_classes(classes: tuple[str, ...]) -> bool:
    """Whether a config lists them; many are those of the data, in their order."""
    return 0 < len(str(list(classes))) <= _MOST_CLASSES_CHARS
