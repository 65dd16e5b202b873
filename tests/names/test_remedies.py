"""Who does what the messages say arrives at a set-up in which a perfect detector has an AP of 1."""

import copy
from pathlib import Path
from typing import Any

import pytest

from argus.datasets.build import build_dataset
from argus.datasets.coco import CocoInstances
from argus.errors import ConfigError, DataError
from argus.tasks import parse_tasks
from tests.datasets import toy_coco
from tests.datasets.toy_coco import annotation
from tests.evaluation.perfect_detector import perfect_results


@pytest.fixture
def task(tmp_path: Path) -> dict[str, Any]:
    """A decoder of COCO's 80 classes, and a file of people alone."""
    people = [annotation(i, i, box=(4 * i, 6, 20, 20)) for i in (1, 2)]
    toy_coco.write(tmp_path, people, num_images=2, categories=[dict(id=1, name="person")])
    data = dict(dataset=toy_coco.config(tmp_path, CocoInstances), batch_size=1)
    decoder = dict(
        type="mmdet.FCOS", backbone=dict(type="SharedBackbone"), bbox_head=dict(num_classes=80)
    )
    return dict(decoder=decoder, train=data, val=copy.deepcopy(data), metrics=dict(type="x"))


def parsed(task: dict[str, Any]) -> None:
    parse_tasks(dict(toy=task))


def built(task: dict[str, Any]) -> None:
    for part in ("train", "val"):
        build_dataset(task[part]["dataset"], where=f"tasks.toy.{part}.dataset")


def name_person(task: dict[str, Any]) -> None:
    for part in ("train", "val"):
        task[part]["dataset"]["metainfo"] = dict(classes=("person",))


def message_of(act: Any, task: dict[str, Any]) -> str:
    with pytest.raises((ConfigError, DataError)) as error:
        act(task)
    return str(error.value)


def is_right(task: dict[str, Any], root: Path) -> bool:
    parsed(task)
    built(task)
    return perfect_results(root / "instances.json", ("person",))["toy/bbox_mAP"] == 1.0


def test_people_alone__from_the_data_to_the_decoder(task, tmp_path):
    parsed(task)
    text = message_of(built, task)
    assert "of the 80 classes of the data set. Its categories: person." in text
    assert "Name in metainfo=dict(classes=...) of train, val and test" in text
    name_person(task)
    text = message_of(parsed, task)
    assert (
        "num_classes is 80, but the train data set has 1 label (person). Set num_classes=1" in text
    )
    task["decoder"]["bbox_head"]["num_classes"] = 1
    assert is_right(task, tmp_path)


def test_people_alone__from_the_decoder_to_the_data(task, tmp_path):
    task["decoder"]["bbox_head"]["num_classes"] = 1
    text = message_of(parsed, task)
    assert "which are those of CocoInstances" in text
    assert "For your own classes, set metainfo=dict(classes=...) of train, val and test" in text
    name_person(task)
    assert is_right(task, tmp_path)


def test_several_heads__are_all_named(task):
    name_person(task)
    task["decoder"]["mask_head"] = dict(num_classes=80)
    assert "The same in tasks['toy'].decoder.mask_head.num_classes" in message_of(parsed, task)


def test_things_and_stuff__are_told_as_their_sum(task):
    name_person(task)
    task["decoder"]["bbox_head"] = dict(num_things_classes=80, num_stuff_classes=53)
    text = message_of(parsed, task)
    assert "num_things_classes + num_stuff_classes is 133" in text


def test_metric__of_other_numbers_than_the_decoder(task):
    del task["train"], task["val"]
    head = task["decoder"]["bbox_head"] = dict(num_things_classes=6, num_stuff_classes=4)
    counts = dict(num_things_classes=6, num_stuff_classes=5)
    task["metrics"] = [dict(type="any"), dict(type="any", **counts)]
    text = message_of(parsed, task)
    assert "metrics[1].num_things_classes + num_stuff_classes is 11, but" in text
    assert "decoder.bbox_head.num_things_classes + num_stuff_classes is 10" in text
    task["metrics"][1].update(head)
    parsed(task)
