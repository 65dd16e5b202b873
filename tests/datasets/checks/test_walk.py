from pathlib import Path

import numpy as np
import pytest
from mmdet.datasets.transforms import LoadAnnotations
from mmpretrain.datasets import CustomDataset
from mmseg.datasets import BaseSegDataset
from PIL import Image

from argus.datasets.checks.loaded_files import LoadedFiles
from argus.datasets.checks.walk import check_tasks
from argus.datasets.coco import CocoInstances, CocoKeypoints
from tests.datasets import toy_coco
from tests.datasets.toy_coco import annotation

CLASSES = dict(classes=("person", "car"))


def coco_task(root, kind=CocoInstances, **changes):
    changes = dict(metainfo=CLASSES) | changes if kind is CocoInstances else changes
    pipeline = [dict(type=LoadAnnotations, with_mask=True)] if kind is CocoInstances else []
    dataset = toy_coco.config(root, kind, pipeline=pipeline, **changes)
    return dict(train=dict(dataset=dataset, batch_size=2))


def check(task, **options):
    (findings,) = check_tasks(dict(toy=task), **options)
    return findings


def test_coco__nothing_to_learn_is_an_error(tmp_path):
    crowds = [annotation(i, i, iscrowd=1, segmentation=toy_coco.CROWD_RLE) for i in (1, 2, 3, 4)]
    findings = check(coco_task(toy_coco.write(tmp_path, crowds)))
    assert findings.errors == [
        "nothing to learn: all 4 objects are ignored: 4 crowd regions (ignored)"
    ]
    crowds[3] = annotation(4, 4)
    findings = check(coco_task(toy_coco.write(tmp_path, crowds)))
    assert not findings.errors
    assert "3 of 4 objects are ignored: 3 crowd regions (ignored)" in findings.warnings


def test_coco__good_set_counts_everything(tmp_path):
    crowd = annotation(2, 1, iscrowd=1, segmentation=toy_coco.CROWD_RLE)
    annotations = [
        annotation(1, 1),
        crowd,
        annotation(3, 2, category=3),
        annotation(4, 2, box=(5, 5, 0, 4)),
        annotation(5, 3, box=(100, 5, 4, 4)),
        annotation(6, 3, segmentation=[[1, 2, 3, 4]]),
    ]
    toy_coco.write(tmp_path, annotations)
    findings = check(coco_task(tmp_path))
    assert findings.errors == []
    assert findings.where == "toy.train"
    assert findings.counts == {
        "samples": 4,
        "images in the annotation file": 4,
        "annotations": 6,
        "crowd regions (ignored)": 1,
        "zero-area boxes (dropped)": 1,
        "boxes outside their image (dropped)": 1,
        "masks without a valid polygon (ignored)": 1,
        "images without annotation": 1,
        "samples of one step, all processes": 2,
        "files decoded": 4,
    }
    assert findings.classes == dict(person=5, car=1)


def test_coco__schedule_is_counted_after_filtering(tmp_path):
    toy_coco.write(tmp_path, [annotation(1, 1), annotation(2, 2)])
    task = coco_task(tmp_path, filter_cfg=dict(filter_empty_gt=True))
    findings = check(task, num_steps=100, num_processes=4)
    assert findings.counts["samples"] == 2
    assert findings.counts["samples drawn in the schedule"] == 800
    assert findings.counts["epochs of the schedule"] == 400.0


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ([annotation(1, 1, category=9)], "label out of range|category_id 9"),
        ([annotation(1, 77)], "image_id 77 is not in 'images'"),
        ([annotation(1, 1), annotation(1, 2)], "more than once"),
        ([annotation(1, 1, segmentation=[])], "no segmentation"),
    ],
)
def test_coco__broken_annotations(tmp_path, annotations, message):
    toy_coco.write(tmp_path, annotations)
    findings = check(coco_task(tmp_path))
    assert any(part in "\n".join(findings.errors) for part in message.split("|"))


def test_coco__files_missing_truncated_and_of_another_size(tmp_path):
    toy_coco.write(tmp_path, [annotation(1, 1)])
    images = tmp_path / "images"
    (images / "1.jpg").unlink()
    (images / "2.jpg").write_bytes((images / "2.jpg").read_bytes()[:500])
    Image.fromarray(np.zeros((10, 10, 3), np.uint8)).save(images / "3.jpg")
    errors = "\n".join(check(coco_task(tmp_path)).errors)
    assert "1.jpg: no such file" in errors
    assert "2.jpg: corrupt or truncated" in errors
    assert "3.jpg: the image is 10x10" in errors
    assert "4.jpg" not in errors


def test_coco__sample_limits_the_files(tmp_path):
    toy_coco.write(tmp_path, [annotation(1, 1)], num_images=6)
    assert check(coco_task(tmp_path), sample=2).counts["files decoded"] == 2


def test_keypoints__counts_people(tmp_path):
    people = [
        annotation(1, 1, keypoints=toy_coco.keypoints(), num_keypoints=6),
        annotation(2, 1, keypoints=toy_coco.keypoints(labelled=0), num_keypoints=0),
        annotation(3, 2, keypoints=toy_coco.keypoints(), num_keypoints=6),
    ]
    toy_coco.write(tmp_path, people)
    counts = check(coco_task(tmp_path, CocoKeypoints)).counts
    assert counts["samples"] == 2
    assert counts["instances with keypoints"] == 2
    assert counts["instances without keypoints (dropped)"] == 1
    assert counts["files decoded"] == 2


def test_missing_root__is_one_error_for_data_and_one_for_the_metric(tmp_path):
    task = coco_task(tmp_path / "nowhere")
    task["val"] = task.pop("train")
    task["metrics"] = dict(type="M", ann_file=str(tmp_path / "nowhere/x.json"))
    findings = check(task)
    assert findings.where == "toy.val"
    assert findings.errors == [
        f"{tmp_path}/nowhere/x.json: no such file (metric)",
        f"{tmp_path}/nowhere: no such file or folder",
    ]


def segmentation_task(root, maps):
    for folder in ("images", "labels"):
        (root / folder).mkdir()
    for i, labels in enumerate(maps):
        pixels = np.zeros((*labels.shape, 3), np.uint8)
        Image.fromarray(pixels).save(root / f"images/{i}.jpg")
        Image.fromarray(labels).save(root / f"labels/{i}.png")
    dataset = dict(
        type=BaseSegDataset,
        data_root=str(root),
        data_prefix=dict(img_path="images", seg_map_path="labels"),
        metainfo=dict(classes=("road", "sky")),
        reduce_zero_label=True,
        pipeline=[],
    )
    return dict(train=dict(dataset=dataset, batch_size=1))


def test_segmentation__labels_out_of_range_and_empty_maps(tmp_path):
    good = np.array([[0, 1, 1], [2, 1, 255]], np.uint8)
    task = segmentation_task(tmp_path, [good, np.zeros_like(good), good + np.uint8(1)])
    findings = check(task)
    (error,) = findings.errors
    assert "2.png: labels [2] out of range" in error
    assert findings.counts["label maps without any label (all ignored)"] == 1
    assert findings.classes == {"0 road": 3, "1 sky": 1}


def test_segmentation__empty_folder_is_an_error(tmp_path):
    findings = check(segmentation_task(tmp_path, []))
    assert "no samples found" in findings.errors[0]


def classification_task(root, lines):
    root.mkdir(exist_ok=True)
    for line in lines:
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(root / line.split()[0])
    (root / "list.txt").write_text("\n".join(lines))
    dataset = dict(
        type=CustomDataset,
        data_root=str(root),
        ann_file="list.txt",
        metainfo=CLASSES,
        pipeline=[],
    )
    return dict(train=dict(dataset=dataset, batch_size=1))


def test_classification__labels_out_of_range_and_empty_class(tmp_path):
    findings = check(classification_task(tmp_path, ["a.jpg 0", "b.jpg 0", "c.jpg 2"]))
    assert findings.errors == ["label out of range: class 2 of 1 image, expected 0..1"]
    assert findings.warnings == ["1 of 2 classes have no image: car"]
    assert findings.counts["files decoded"] == 3


def test_text__shows_the_first_errors_and_their_number(tmp_path):
    lines = [f"{i}.jpg {i + 5}" for i in range(30)]
    text = check(classification_task(tmp_path, lines)).to_text(max_lines=3)
    assert text.startswith("toy.train: ERROR\n")
    assert text.count("  error: ") == 3
    assert "... and 27 more errors" in text


def test_check_tasks__a_broken_set_does_not_hide_the_others(tmp_path, monkeypatch):
    toy_coco.write(tmp_path / "good", [annotation(1, 1)])
    toy_coco.write(tmp_path / "bad", [annotation(7, 1, bbox="1,2"), annotation(8, 1, area=None)])
    toy_coco.write(tmp_path / "odd", [annotation(1, 1)])
    original = LoadedFiles.check

    def fail(self, findings, **options):
        if "odd" in self.dataset.ann_file:
            raise ZeroDivisionError("of a library")
        original(self, findings, **options)

    monkeypatch.setattr(LoadedFiles, "check", fail)
    tasks = {name: coco_task(tmp_path / name) for name in ("bad", "odd", "good")}
    bad, odd, good = check_tasks(tasks)
    assert [error.split(",")[0] for error in bad.errors] == [
        "annotation 7: bbox '1",
        "annotation 8: area null",
    ]
    assert "ZeroDivisionError: of a library" in odd.errors[0] and len(odd.errors) == 1
    assert good.errors == [] and good.counts["files decoded"] == 4


@pytest.mark.parametrize("content", ["[]", "{", "[" * 100_000, "null", '{"images": 3}'])
def test_check_tasks__another_file_is_a_sentence(tmp_path, content):
    toy_coco.write(tmp_path, [])
    (tmp_path / "instances.json").write_text(content)
    (error,) = check(coco_task(tmp_path)).errors
    assert len(error) < 400


CASES = Path(__file__).parents[3] / "shared/cases"


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not here")
def test_check_tasks__files_of_the_cases():
    files = sorted(CASES.glob("*/*.json"))
    for kind in (CocoInstances, CocoKeypoints):
        tasks = {
            f"{file.parent.name}/{file.name}": coco_task(
                file.parent, kind, ann_file=file.name, metainfo=dict(classes=("cup", "pen"))
            )
            for file in files
        }
        if kind is CocoKeypoints:
            for task in tasks.values():
                del task["train"]["dataset"]["metainfo"]
        for findings in check_tasks(tasks):
            assert all("read to its end" not in error for error in findings.errors), findings
