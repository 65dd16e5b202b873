"""What importing does in a Python that has imported nothing of Argus and the OpenMMLab libraries.

What these need, PyTorch above all, takes most of the time: it is imported once, and then forked.
"""

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
import contextlib, importlib.util, json, os, sys, traceback
folder, wanted, codes = sys.argv[1], *map(json.loads, sys.argv[2:])
NEEDED = (
    "torch torchvision cv2 scipy.ndimage scipy.optimize scipy.stats sklearn.metrics pandas "
    "matplotlib.pyplot timm numba huggingface_hub"
)

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
LIGHT = """
import argus
found = dict(heavy=sorted({"torch", "torchvision", "mmcv", "numpy"} & set(sys.modules)))
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
import mmcv.ops, torch
from mmcv.utils.ext_loader import check_ops_exist
boxes = torch.tensor([[0.0, 0, 4, 4], [0, 0, 4, 5], [9, 9, 12, 12]])
found = dict()
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
def home(name): return getattr(mmengine.registry, name, getattr(argus.registry, name))
lost = [
    f"{name}: argus.{key}" for name, keys in wanted.items() for key in keys
    if home(name).get(f"argus.{key}") is None
]
found = dict(lost=lost, libraries=libraries())
"""
FORK = """
def fork(name):
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        printed = os.open(f"{folder}/{name}.txt", os.O_WRONLY | os.O_CREAT)
        os.dup2(printed, 1), os.dup2(printed, 2)
        names = dict(globals())
        exec(codes[name], names)
        with open(f"{folder}/{name}.json", "w") as file:
            json.dump(names["found"], file)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(status)

statuses = [fork("light")]
for name in NEEDED.split():
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
sys.exit(any([*statuses, fork("bare"), fork("whole")]))
"""


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
def found(
    wanted: dict[str, list[str]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """What each of the processes finds out, and what is printed there."""
    folder = tmp_path_factory.mktemp("fresh")
    codes = dict(light=LIGHT, bare=BARE, whole=WHOLE)
    arguments = [str(folder), json.dumps(wanted), json.dumps(codes)]
    done = subprocess.run([sys.executable, "-c", START + FORK, *arguments], cwd=ROOT, check=False)
    printed = {name: (folder / f"{name}.txt").read_text() for name in codes}
    assert done.returncode == 0, printed
    return {
        name: dict(json.loads((folder / f"{name}.json").read_text()), printed=text)
        for name, text in printed.items()
    }


def test_argus__imports_nothing_heavy(found: dict[str, Any]) -> None:
    assert found["light"]["heavy"] == []


def test_operators__are_found_where_none_is_compiled(found: dict[str, Any]) -> None:
    bare = found["bare"]
    assert bare["operators"] == dict(exist=True, cuda="not available", nms=[1, 2])
    assert bare["same_masks"]
    assert bare["evaluation"] == [
        "argus.coco_evaluation.pose_truth",
        "argus.coco_evaluation.pose_precision",
    ]


def test_libraries__print_nothing_where_they_are_imported_directly(found: dict[str, Any]) -> None:
    assert "OneDL" not in found["bare"]["printed"]
    assert "faster_coco_eval" not in found["bare"]["printed"]


@pytest.mark.parametrize("first", [False, True])
def test_libraries__do_without_transformers(first: bool, found: dict[str, Any]) -> None:
    """They import alike whether it is installed or not, and whoever needs it still gets it."""
    pytest.importorskip("transformers", reason="there is nothing to hide")
    expected = dict(multimodal=False, bert="None", transformers=first, siglip="SiglipConfig")
    assert found["whole" if first else "bare"]["libraries"] == expected


def test_registry__every_class_is_found_by_name(
    wanted: dict[str, list[str]], found: dict[str, Any]
) -> None:
    """The lookup alone has to import the package."""
    assert {"MultitaskModel", "SharedBackbone", "ViTAdapter"} <= set(wanted["MODELS"])
    assert "EMAHook" in wanted["HOOKS"]
    assert found["whole"]["lost"] == []
