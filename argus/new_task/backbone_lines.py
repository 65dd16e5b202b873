"""The backbone of a new task: a merged model, another config's, or a frozen DINOv2 by name."""

import re
from dataclasses import dataclass
from pathlib import Path

from argus.engine.config_files.relative_import import relative_module
from argus.errors import ConfigError

DEMO = Path("work_dirs/demo/model")
WEIGHTS = Path("data/weights")
DEFAULT = "dinov2_vits14"
_ARCHITECTURES = dict(s="small", b="base", l="large", g="giant")


@dataclass(frozen=True, kw_only=True)
class BackboneLines:
    """How a config names its backbone.

    Args:
        imports: Lines at the top.
        lines: That make ``backbone``; none if an import does.
        told: What a person is told.
        first: A command that has to be run before training; empty if none has.
    """

    imports: tuple[str, ...]
    lines: tuple[str, ...]
    told: str
    first: str = ""


def backbone_lines(name: str | None, config: Path) -> BackboneLines:
    """The lines for a backbone.

    Args:
        name: Folder of a merged model, a config file, or ``dinov2_vit{s,b,l,g}14``, also with
            ``_reg4``; ``None`` for the model of ``make demo`` if there is one, else a DINOv2.
        config: The config that is written.

    Raises:
        ConfigError: It is none of these, or a config that the new one cannot import.
    """
    if name is None:
        name = str(DEMO) if DEMO.is_dir() else DEFAULT
    found = re.fullmatch(r"dinov2_vit([sblg])14(_reg4)?", name)
    if found:
        return _dinov2(name, _ARCHITECTURES[found.group(1)], 4 if found.group(2) else 0)
    path = Path(name)
    if path.is_dir():
        return _model(path)
    if path.is_file() and path.suffix == ".py":
        return _of_config(path, config)
    raise ConfigError(
        f"--backbone {name}: expected the folder of a merged model, a config file with a backbone, "
        "or dinov2_vits14, dinov2_vitb14, dinov2_vitl14, dinov2_vitg14 (also with _reg4)."
    )


def _dinov2(name: str, arch: str, registers: int) -> BackboneLines:
    file = WEIGHTS / f"{name}_pretrain.pth"
    command = f"argus download {name}"
    return BackboneLines(
        imports=("from argus.models.backbones import DinoVisionTransformer, PlainViT",),
        lines=(
            f'_weights = "{file.as_posix()}"',
            f'_vit = dict(type=DinoVisionTransformer, arch="{arch}", num_registers={registers}, '
            "weights=_weights)",
            "backbone = dict(type=PlainViT, vit=_vit, freeze_vit=True)",
        ),
        told=f"the frozen {name}",
        first="" if file.is_file() else command,
    )


def _model(path: Path) -> BackboneLines:
    if not (path / "manifest.json").is_file():
        raise ConfigError(
            f"--backbone {path}: the folder is no merged model (it has no manifest.json); "
            "`argus merge` writes one."
        )
    return BackboneLines(
        imports=("from argus.models.backbones import trained_backbone",),
        lines=(f"backbone = dict(type=trained_backbone, checkpoint={path.as_posix()!r})",),
        told=f"that of the model {path}, frozen",
    )


def _of_config(path: Path, config: Path) -> BackboneLines:
    try:
        module = relative_module(path, config)
    except ConfigError as error:
        raise ConfigError(f"--backbone {path}: {error}") from error
    return BackboneLines(
        imports=(
            "from mmengine.config import read_base",
            "with read_base():",
            f"    from {module} import backbone",
        ),
        lines=(),
        told=f"that of {path}",
    )
