"""``argus check`` compares classes as a training does, and knows which files are COCO's."""

import json
from pathlib import Path
from typing import Any

import pytest
from mmdet.evaluation import CocoMetric
from mmpretrain.datasets import CustomDataset, MultiLabelDataset
from PIL import Image

from argus.datasets.checks.walk import check_tasks
from argus.datasets.coco import CocoInstances
from tests.datasets import toy_coco
from tests.datasets.toy_coco import annotation

HEAD = dict(head=dict(num_classes=2))


def write(root: Path, *names: str) -> Path:
    """An object of each category, the first with id 1."""
    categories = [dict(id=i, name=name) for i, name in enumerate(names, start=1)]
    entries = [annotation(c["id"], c["id"], category=c["id"]) for c in categories]
    return toy_coco.write(root, entries, num_images=len(names), categories=categories)


def data(root: Path, *classes: str) -> dict[str, Any]:
    meta = dict(metainfo=dict(classes=classes))
    return dict(dataset=toy_coco.config(root, CocoInstances, **meta), batch_size=1)


def errors(task: dict[str, Any], **others: Any) -> dict[str, str]:
    found = check_tasks(dict(toy=task, **others))
    return {f.where: "\n".join(f.errors) for f in found if f.errors}


def test_order__of_files_and_parts_is_a_note(tmp_path):
    train = data(write(tmp_path / "train", "cup", "pen"), "cup", "pen")
    val = data(write(tmp_path / "val", "pen", "cup"), "pen", "cup")
    metric = dict(type=CocoMetric, ann_file=str(tmp_path / "val/instances.json"))
    task = dict(decoder=HEAD, train=train, val=val, metrics=metric)
    findings = check_tasks(dict(toy=task))
    told = [text for f in findings for text in (*f.errors, *f.warnings)]
    (twins,) = told  # all pictures of the toy are one
    assert twins.startswith("2 pictures of 2 are trained on, too, in toy.train")
    (note,) = findings[1].notes
    assert "toy.val.dataset" in note and "(pen, cup)" in note and "(cup, pen)" in note
    assert f"note: {note}" in findings[1].to_text()
    assert findings[1].to_dict()["notes"] == [note]


def test_other_classes__are_an_error_with_both_lists_and_files(tmp_path):
    train = data(write(tmp_path / "train", "cup", "pen"), "cup", "pen")
    val = data(write(tmp_path / "val", "box", "pen"), "box", "pen")
    found = errors(dict(decoder=HEAD, train=train, val=val))["toy.val"]
    for part in (
        f"tasks.toy.train.dataset ({tmp_path}/train/instances.json): cup, pen",
        f"tasks.toy.val.dataset ({tmp_path}/val/instances.json): box, pen",
        "cup only in the first and box only in the second",
    ):
        assert part in found
    assert "tasks.toy.classes: lid, pen" in "".join(
        errors(dict(decoder=HEAD, train=train, classes=["lid", "pen"])).values()
    )


def test_metric__whose_file_lacks_a_class_is_an_error(tmp_path):
    val = data(write(tmp_path / "val", "pen", "cup"), "pen", "cup")
    other = write(tmp_path / "other", "pen") / "instances.json"
    task = dict(decoder=HEAD, val=val, metrics=[dict(type=CocoMetric, ann_file=str(other))])
    assert f"{other}: it has no category cup" in errors(task)["toy.val"]


def test_nothing_to_learn__because_all_objects_are_of_other_categories(tmp_path):
    write(tmp_path, "cup", "pen", "box")
    content = json.loads((tmp_path / "instances.json").read_text())
    content["annotations"] = content["annotations"][2:]
    (tmp_path / "instances.json").write_text(json.dumps(content))
    found = errors(dict(decoder=HEAD, train=data(tmp_path, "cup", "pen")))["toy.train"]
    assert "nothing to learn: the only object is ignored: 1 of categories that are no cl" in found


def test_number__of_outputs_is_compared(tmp_path):
    train = data(write(tmp_path, "cup", "pen"), "cup", "pen")
    found = errors(dict(decoder=dict(head=dict(num_classes=7)), train=train))["toy.train"]
    assert "tasks.toy.decoder.head.num_classes is 7, but" in found and "cup, pen" in found


def test_no_classes__of_a_decoder_are_not_compared(tmp_path):
    train = data(write(tmp_path / "train", "cup", "pen"), "cup", "pen")
    val = data(write(tmp_path / "val", "box"), "box")
    assert not errors(dict(decoder=dict(head=dict(channels=1)), train=train, val=val))


def test_stream__that_is_shared_names_the_classes_of_one_of_its_tasks(tmp_path):
    train = data(write(tmp_path / "train", "cup", "pen"), "cup", "pen")
    val = data(write(tmp_path / "val", "box", "lid"), "box", "lid")
    other = dict(decoder=HEAD, stream="both")
    assert not errors(dict(decoder=HEAD, train=train, val=val, stream="both"), other=other)


@pytest.mark.parametrize("wrong", [False, True])
def test_json__of_openmmlab_is_not_taken_for_coco(tmp_path, wrong):
    for name in ("1.png", "2.png"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    entries = [
        dict(img_path="1.png", gt_label=[0, 1]),
        dict(img_path="2.png", gt_label=[1 + wrong]),
    ]
    content = dict(metainfo=dict(classes=["cup", "pen"]), data_list=entries)
    (tmp_path / "labels.json").write_text(json.dumps(content))
    dataset = dict(type=MultiLabelDataset, data_root=str(tmp_path), ann_file="labels.json")
    (findings,) = check_tasks(
        dict(toy=dict(decoder=HEAD, train=dict(dataset=dataset | dict(pipeline=[]), batch_size=1)))
    )
    if wrong:
        assert "class 2" in "".join(findings.errors)
    else:
        assert not findings.errors
        assert findings.classes == {"0 cup": 1, "1 pen": 2}
        assert findings.counts["files decoded"] == 2


def test_json__of_a_coco_set_has_to_be_coco(tmp_path):
    toy_coco.write(tmp_path, [annotation(1, 1)])
    (tmp_path / "instances.json").write_text(json.dumps(dict(data_list=[])))
    assert (
        "not COCO format" in errors(dict(decoder=HEAD, train=data(tmp_path, "a", "b")))["toy.train"]
    )


def test_folders__that_are_not_the_classes_are_an_error(tmp_path):
    for name in ("a", "c"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (8, 8)).save(tmp_path / name / "1.png")
    dataset = dict(type=CustomDataset, data_prefix=str(tmp_path), pipeline=[])
    task = dict(decoder=HEAD, train=dict(dataset=dataset, batch_size=1))
    assert not errors(task)
    dataset["metainfo"] = dict(classes=("a", "b"))
    assert "classes without a folder: b" in errors(task)["toy.train"]
