"""Decoders that normalise otherwise than their trunk are told."""

from argus.engine.checks.trunk_pixels import foreign_pixels
from argus.models.backbones import PlainViT, SiglipVisionTransformer
from argus.tasks import parse_tasks

BACKBONE = dict(
    type=PlainViT, vit=dict(type=SiglipVisionTransformer, arch="base", weights="random")
)
OWN = dict(mean=[127.5] * 3, std=[127.5] * 3)


def told(backbone: dict, preprocessor: dict) -> list[str]:
    decoder = dict(type="Any", backbone={}, data_preprocessor=preprocessor)
    task = dict(decoder=decoder, train=dict(dataset=dict(type="Any"), batch_size=1, num_workers=0))
    return list(foreign_pixels(backbone, parse_tasks(dict(depth=task))))


def test_foreign__is_told_with_both() -> None:
    assert not told(BACKBONE, OWN)
    (note,) = told(BACKBONE, OWN | dict(std=[1.0, 1.0, 1.0]))
    assert note.startswith("tasks.depth.decoder.data_preprocessor: mean=[127.5, 127.5, 127.5], std")
    assert "the backbone expects mean=[127.5, 127.5, 127.5], std=[127.5" in note
    assert "mean=None" in told(BACKBONE, dict(std=OWN["std"]))[0]
    assert len(told(BACKBONE, OWN | dict(mean=[127.5]))) == 1


def test_unknown__nothing_is_told() -> None:
    assert not told(dict(type="Nothing"), dict(mean=[0.0], std=[1.0]))
    assert not told(BACKBONE | dict(vit=dict(arch="base")), OWN | dict(mean=[0.0]))
