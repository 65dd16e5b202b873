"""Packages that hardly anybody needs are imported when they are used, and do what they did."""

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from argus.libraries.late import LATE, Late, late
from argus.libraries.wrapped_loading import WrappingFinder

IMPORT = """
import argus, importlib, sys
from argus.libraries.importing import import_libraries
import_libraries()
"""
USE = """
import cv2, mmcv, numpy as np
from mmdet.visualization import local_visualizer
from mmdet.registry import TASK_UTILS
from mmdet.models.dense_heads.paa_head import skm
from mmdet.datasets.transforms.generate_line import LineString, iaa
from mmseg.models.backbones.timm_backbone import timm

rng = np.random.default_rng(0)
frames = np.r_[0:5, 8:12].astype(float)
boxes = np.c_[frames, frames, frames + 9, frames + 9] + rng.normal(0, 0.1, (9, 4))
tracks = np.c_[frames, np.zeros(9), boxes, np.ones(9)]
smooth = TASK_UTILS.build(dict(type="InterpolateTracklets", use_gsi=True)).forward(tracks)
assert len(smooth) == 12 and np.abs(smooth[:, 2] - np.arange(12)).max() < 0.5, smooth

values = np.r_[rng.normal(0, 1, 50), rng.normal(9, 1, 50)][:, None]
means = skm.GaussianMixture(2, random_state=0).fit(values).means_.ravel()
assert np.abs(np.sort(means) - [0, 9]).max() < 0.5, means

picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
assert (iaa.Sequential([iaa.Fliplr(1.0)])(image=picture) == picture[:, ::-1]).all()
assert LineString([(0, 0), (3, 4)]).length == 5

plt, mcolors = local_visualizer.plt, local_visualizer.mcolors
plt.rcParams["figure.figsize"] = 2, 1
assert plt.figure().get_size_inches().tolist() == [2, 1]
assert mcolors.to_rgb(plt.get_cmap("tab10")(3)) == mcolors.to_rgb("tab:red")
plain = [cv2.IMWRITE_TIFF_COMPRESSION, 1]
tiff = cv2.imencode(".tiff", picture[..., ::-1], plain)[1].tobytes()
assert (mmcv.imfrombytes(tiff, backend="tifffile", channel_order="rgb") == picture).all()
assert timm.create_model("resnet18", num_classes=3).get_classifier().out_features == 3
"""


MODULE = """
import late_package.part as part
from late_package.part import Thing
try:
    import late_package
except ImportError:
    late_package = None
"""


def test_libraries__import_nothing_late_and_what_uses_it_works() -> None:
    names = {"imgaug", "matplotlib.pyplot", "sklearn", "tifffile", "timm"}
    show = f"print(sorted({names} & set(sys.modules)))"
    code = f"{IMPORT}{show}\n{USE}\n{show}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("[]", str(sorted(names)))


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Import a module that uses a package, which is to be imported late."""
    (tmp_path / "late_user.py").write_text(MODULE)
    package = tmp_path / "late_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "part.py").write_text("class Thing(list): pass\nnumber = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    names = ("late_package", "late_package.part")
    monkeypatch.setitem(LATE, "late_user", names)
    monkeypatch.setattr(sys, "meta_path", [WrappingFinder(["late_user"], late), *sys.meta_path])
    for name in ("late_user", *names):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return lambda: importlib.import_module("late_user")


def test_module__has_late_names_until_it_uses_them(user: Callable[[], Any]) -> None:
    module = user()
    assert "late_package" not in sys.modules and "late_package.part" not in sys.modules
    assert {type(module.part), type(module.Thing)} == {Late}
    assert module.part.number == 3
    thing = module.Thing([1])
    assert thing == [1] and isinstance(thing, module.Thing) and not isinstance([], module.Thing)
    assert type(thing) is importlib.import_module("late_package.part").Thing
    assert module.late_package.part.number == 3


def test_package__that_is_imported_already_is_taken(user: Callable[[], Any]) -> None:
    part = importlib.import_module("late_package.part")
    module = user()
    assert module.Thing is part.Thing and module.part is part


def test_package__that_is_not_installed_is_told_as_before(
    user: Callable[[], Any], tmp_path: Path
) -> None:
    (tmp_path / "late_package").rename(tmp_path / "elsewhere")
    with pytest.raises(ModuleNotFoundError, match="late_package"):
        user()
