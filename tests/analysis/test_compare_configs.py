"""``tools/analysis/compare_configs.py``: files may change, what they resolve to may not."""

from pathlib import Path

import pytest

from tools.analysis.compare_configs import compare

WHOLE = """
from torch.optim import AdamW
_width = 3
optimizer = dict(type=AdamW, lr=0.1, betas=[0.9, 0.99], size=(_width, 4))
"""
SHARED = """
from mmengine.config import read_base
with read_base():
    from .base import optimizer_of
optimizer = optimizer_of(0.1)
"""
BASE = """
from torch.optim import AdamW
def optimizer_of(lr):
    return dict(type=AdamW, lr=lr, betas=[0.9, 0.99], size=(3, 4))
"""


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    (old / "a.py").write_text(WHOLE)
    (new / "a.py").write_text(SHARED)
    (new / "base.py").write_text(BASE)
    return old, new


def test_files__that_resolve_to_the_same(folders: tuple[Path, Path]) -> None:
    assert compare(*folders) == []


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("lr=lr", "lr=2 * lr", ["a.py: optimizer.lr: 0.1 -> 0.2"]),
        ("0.99]", "0.5]", ["a.py: optimizer.betas[1]: 0.99 -> 0.5"]),
        ("size=(3, 4)", "size=[3, 4]", ["a.py: optimizer.size: (3, 4) -> [3, 4]"]),
        ("lr=lr, ", "", ["a.py: optimizer.lr is gone"]),
        ("lr=lr", "lr=lr, eps=1", ["a.py: optimizer.eps is new"]),
        ("import AdamW", "import SGD as AdamW", None),
    ],
)
def test_difference__is_named(
    folders: tuple[Path, Path], old: str, new: str, lines: list[str] | None
) -> None:
    path = folders[1] / "base.py"
    path.write_text(path.read_text().replace(old, new))
    found = compare(*folders)
    assert found == lines if lines else len(found) == 1 and "optimizer.type" in found[0]
