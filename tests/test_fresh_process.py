"""What importing does in a Python that has imported nothing, which takes seconds: two of them."""

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mmengine.registry import Registry

import argus
import argus.registry

ROOT = Path(__file__).parents[1]
REGISTRIES = dict(
    inspect.getmembers(
        argus.registry, lambda value: isinstance(value, Registry) and value.scope == "argus"
    )
)
# It needs an extra, and its own configs, which import it, alone name its classes.
APART = "argus.mtv"
START = """
import importlib.util, json, sys

def libraries():
    from argus.libraries.importing import import_libraries
    import_libraries()
    from mmpretrain.utils.dependency import WITH_MULTIMODAL
    from mmdet.models.language_models import bert
    found = dict(multimodal=WITH_MULTIMODAL, bert=repr(bert.AutoTokenizer))
    found["transformers"] = "transformers" in sys.modules
    if importlib.util.find_spec("transformers"):
        from transformers import SiglipConfig
        found["siglip"] = SiglipConfig.__name__
    return found
"""
# What an install without the compiled files looks like to Python.
BARE = """
from importlib.machinery import PathFinder
real = PathFinder.find_spec
HIDDEN = ("mmcv._ext", "xtcocotools")
PathFinder.find_spec = classmethod(
    lambda cls, name, *rest: None if name in HIDDEN else real(name, *rest)
)
import argus
found = dict(heavy=sorted({"torch", "torchvision", "mmcv", "numpy"} & set(sys.modules)))
import mmcv.ops, torch
from mmcv.utils.ext_loader import check_ops_exist
boxes = torch.tensor([[0.0, 0, 4, 4], [0, 0, 4, 5], [9, 9, 12, 12]])
found["operators"] = dict(
    exist=check_ops_exist(),
    cuda=mmcv.ops.get_compiling_cuda_version(),
    nms=mmcv.ops.nms(boxes, torch.tensor([0.5, 0.9, 0.1]), 0.5)[1].tolist(),
)
import xtcocotools.mask, pycocotools.mask
from mmpose.evaluation.metrics.coco_metric import COCO, COCOeval
from argus.layers.ms_deform_attn import missing_for_backends
found["same_masks"] = xtcocotools.mask.iou is pycocotools.mask.iou
found["evaluation"] = [COCO.__module__, COCOeval.__module__]
# Directly, not by Argus.
import mmdet.datasets, mmdet.evaluation, mmseg.datasets, mmpretrain.datasets
found["libraries"] = libraries()
"""
# With all that is installed; transformers comes first.
WHOLE = """
import argus, mmengine.registry, argus.registry
if importlib.util.find_spec("transformers"):
    import transformers
wanted = json.loads(sys.argv[2])
def home(name): return getattr(mmengine.registry, name, getattr(argus.registry, name))
lost = [
    f"{name}: argus.{key}" for name, keys in wanted.items() for key in keys
    if home(name).get(f"argus.{key}") is None
]
found = dict(lost=lost, libraries=libraries())
"""
END = """
open(sys.argv[1], "w").write(json.dumps(found))
"""


def fresh(code: str, folder: Path, *arguments: str) -> dict[str, Any]:
    """What a process finds out, and what is printed there."""
    file = folder / "found.json"
    command = [sys.executable, "-c", START + code + END, str(file), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(file.read_text()), printed=done.stdout + done.stderr)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return fresh(BARE, tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="module")
def wanted() -> dict[str, list[str]]:
    """Argus's classes by registry; importing every module tells what there is."""
    for module in pkgutil.walk_packages(argus.__path__, "argus."):
        if not module.name.endswith("__main__") and not module.name.startswith(APART):
            importlib.import_module(module.name)
    return {
        name: sorted(
            key
            for key, value in registry.module_dict.items()
            if value.__module__.startswith("argus.") and not value.__module__.startswith(APART)
        )
        for name, registry in REGISTRIES.items()
    }


@pytest.fixture(scope="module")
def whole(wanted: dict[str, list[str]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return fresh(WHOLE, tmp_path_factory.mktemp("whole"), json.dumps(wanted))


def test_argus__imports_nothing_heavy(bare: dict[str, Any]) -> None:
    assert bare["heavy"] == []


def test_operators__are_found_where_none_is_compiled(bare: dict[str, Any]) -> None:
    assert bare["operators"] == dict(exist=True, cuda="not available", nms=[1, 2])
    assert bare["same_masks"]
    assert bare["evaluation"] == [
        "argus.coco_evaluation.pose_truth",
        "argus.coco_evaluation.pose_precision",
    ]


def test_libraries__print_nothing_where_they_are_imported_directly(bare: dict[str, Any]) -> None:
    assert "OneDL" not in bare["printed"]
    assert "faster_coco_eval" not in bare["printed"]


@pytest.mark.parametrize("first", [False, True])
def test_libraries__do_without_transformers(first: bool, request: pytest.FixtureRequest) -> None:
    """They import alike whether it is installed or not, and whoever needs it still gets it."""
    pytest.importorskip("transformers", reason="there is nothing to hide")
    found = request.getfixturevalue("whole" if first else "bare")["libraries"]
    expected = dict(multimodal=False, bert="None", transformers=first, siglip="SiglipConfig")
    assert found == expected


def test_registry__every_class_is_found_by_name(
    wanted: dict[str, list[str]], whole: dict[str, Any]
) -> None:
    """The lookup alone has to import the package."""
    assert {"MultitaskModel", "SharedBackbone", "ViTAdapter"} <= set(wanted["MODELS"])
    assert "EMAHook" in wanted["HOOKS"]
    assert whole["lost"] == []
