"""The small real sets and the ViT-S that ``configs/small`` trains on, where they are."""

from pathlib import Path

import pytest

from tests.real_data.samples import REPOSITORY, SAMPLES

_PLACES = (REPOSITORY / "data/small", SAMPLES / "small")
SMALL = next((path for path in _PLACES if path.is_dir()), _PLACES[0])
VIT_S = REPOSITORY / "data/weights/dinov2_vits14_pretrain.pth"


def root_of(name: str) -> Path:
    """Folder of a set; the test is skipped where it is not there."""
    folder = SMALL / name
    if not folder.is_dir():
        command = f"argus get {name.replace('_', '-')}"
        pytest.skip(f"no {folder}; get it with `{command}`")
    return folder


def vit_s() -> str:
    """Path of the weights; the test is skipped without them."""
    if not VIT_S.is_file():
        command = "argus download dinov2_vits14"
        pytest.skip(f"no {VIT_S}; get it with `{command}`")
    return str(VIT_S)
