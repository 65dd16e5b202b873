import numpy as np
import pytest
from PIL import Image

from argus.datasets.checks.label_loaders import label_loaders
from argus.datasets.checks.walk import check_tasks
from argus.datasets.mvtec_ad import MVTecAD
from argus.datasets.nyuv2 import NYUv2
from argus.datasets.pascal_context import PascalContext
from argus.datasets.transforms import (
    IfPresent,
    LoadAnomalyMask,
    LoadBoundary,
    LoadDepth,
    LoadImage,
    LoadNormals,
    LoadSaliency,
    LoadSegMap,
)
from tests.datasets.list_files import write_set

SIZE = (8, 10)


def nyu_task(root, **options):
    pipeline = [
        dict(type=LoadImage),
        dict(type=IfPresent, key="seg_map_path", transform=dict(type=LoadSegMap, num_classes=40)),
        dict(type=LoadDepth, scale=100.0),
        dict(type=IfPresent, key="normal_path", transform=dict(type="LoadNormals")),
        dict(type=IfPresent, key="boundary_path", transform=dict(type=LoadBoundary, positive=255)),
    ]
    dataset = dict(type=NYUv2, data_root=str(root), pipeline=pipeline) | options
    return dict(train=dict(dataset=dataset, batch_size=2))


@pytest.fixture
def root(tmp_path):
    rng = np.random.default_rng(0)
    names = ["a", "b", "c", "d"]
    seg = {name: rng.integers(0, 41, SIZE).astype(np.uint8) for name in "ab"}
    depth = {name: np.full(SIZE, 1000, np.uint16) for name in "abc"}
    normals = {name: np.full((*SIZE, 3), (128, 128, 255), np.uint8) for name in "ac"}
    edges = {name: np.eye(*SIZE, dtype=np.uint8) * 255 for name in "abc"}
    return write_set(
        tmp_path,
        names,
        dict(seg40=seg, depth=depth, normal=normals, edge=edges),
        ann_file="gt_sets/train.txt",
        image_folder="image",
    )


def check(task):
    (findings,) = check_tasks(dict(toy=task))
    return findings


def test_check__good_set_counts_what_there_is(root):
    findings = check(nyu_task(root))
    assert findings.errors == []
    assert findings.counts == {
        "images in the list file": 4,
        "samples": 3,
        "samples of one step, all processes": 2,
        "files decoded": 3,
        "label maps": 2,
        "label maps of one value a pixel (which is the label)": 2,
        "depth maps": 3,
        "normal maps": 2,
        "boundary maps": 3,
    }
    assert sum(findings.classes.values()) > 100


def test_check__empty_annotations_are_counted(root):
    Image.fromarray(np.zeros(SIZE, np.uint16)).save(root / "depth/a.png")
    Image.fromarray(np.zeros(SIZE, np.uint8)).save(root / "edge/b.png")
    Image.fromarray(np.zeros((*SIZE, 3), np.uint8)).save(root / "normal/c.png")
    Image.fromarray(np.zeros(SIZE, np.uint8)).save(root / "seg40/a.png")
    counts = check(nyu_task(root)).counts
    for kind in ("depth maps", "boundary maps", "normal maps"):
        assert counts[f"{kind} without any label"] == 1
    assert counts["label maps without any label (all ignored)"] == 1


def test_check__every_broken_file_is_named(root):
    (root / "image/c.png").unlink()
    Image.fromarray(np.full(SIZE, 41, np.uint8)).save(root / "seg40/a.png")
    Image.fromarray(np.full(SIZE, 7, np.uint8)).save(root / "edge/a.png")
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(root / "depth/a.png")
    (root / "normal/a.png").write_bytes(b"nothing")
    errors = check(nyu_task(root)).errors
    assert len(errors) == 5
    text = "\n".join(errors)
    for message in (
        "image/c.png: no such file",
        "seg40/a.png: labels [40] out of range",
        "edge/a.png: values [7] in the boundary map",
        "depth/a.png: the depth map is 4x4",
        "normal/a.png: corrupt",
    ):
        assert message in text


def test_check__missing_folder_and_list_are_errors(root):
    (root / "edge").rename(root / "edges")
    assert "edge: no such folder" in check(nyu_task(root)).errors[0]
    findings = check(nyu_task(root, ann_file="gt_sets/x.txt"))
    assert findings.errors == [f"{root}/gt_sets/x.txt: no such file or folder"]


def test_check__labels_that_the_task_does_not_use_are_not_read(root):
    (root / "edge/a.png").write_bytes(b"nothing")
    task = nyu_task(root)
    task["train"]["dataset"]["pipeline"].pop()
    findings = check(task)
    assert findings.errors == [] and "boundary maps" not in findings.counts


def test_check__saliency_as_the_pipeline_reads_it(tmp_path):
    grey = {"a": np.full(SIZE, 100, np.uint8), "b": np.full(SIZE, 200, np.uint8)}
    write_set(
        tmp_path,
        ["a", "b"],
        dict(saliency=grey, human_parts_png={}),
        ann_file="ImageSets/train.txt",
        image_folder="JPEGImages",
        suffix=".jpg",
    )
    dataset = dict(type=PascalContext, data_root=str(tmp_path))
    for options, num_errors in ((dict(positive=255), 2), (dict(threshold=127), 0)):
        dataset["pipeline"] = [dict(type=LoadSaliency, **options)]
        findings = check(dict(train=dict(dataset=dataset, batch_size=1)))
        assert len(findings.errors) == num_errors
    assert findings.counts["saliency maps without any label"] == 1


def test_loaders__of_wrapped_sets_once_each_with_their_options(root):
    inner = nyu_task(root)["train"]["dataset"]
    wrapped = dict(type="Repeat", dataset=dict(type="Concat", datasets=[inner, inner]))
    loaders = {type(loader): loader for loader in label_loaders(wrapped)}
    assert set(loaders) == {LoadSegMap, LoadDepth, LoadNormals, LoadBoundary}
    assert len(label_loaders(wrapped)) == 4
    assert loaders[LoadDepth].scale == 100


def test_check__masks_of_defects(tmp_path):
    for folder, name in (
        ("train/good", "000.png"),
        ("test/good", "000.png"),
        ("test/hole", "000.png"),
        ("test/hole", "001.png"),
        ("ground_truth/hole", "000_mask.png"),
        ("ground_truth/hole", "001_mask.png"),
    ):
        (tmp_path / "nut" / folder).mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros(SIZE, np.uint8)).save(tmp_path / "nut" / folder / name)
    Image.fromarray(np.zeros((3, 4), np.uint8)).save(
        tmp_path / "nut/ground_truth/hole/001_mask.png"
    )
    dataset = dict(
        type=MVTecAD,
        data_root=str(tmp_path),
        data_prefix=dict(img_path=""),
        categories=["nut"],
        split="test",
        pipeline=[dict(type=LoadImage), dict(type=LoadAnomalyMask)],
    )
    (error,) = check(dict(train=dict(dataset=dataset, batch_size=1))).errors
    assert "001_mask.png: the mask is 4x3" in error
