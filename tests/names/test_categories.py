"""Classes are found in an annotation file by name, in whatever order it lists them."""

import copy
import itertools
import json
from pathlib import Path

import pytest
from mmengine.registry import DATASETS

from argus.datasets.coco import CocoInstances
from argus.errors import DataError
from argus.names.categories import category_ids, person_id
from tests.datasets import toy_coco
from tests.datasets.toy_coco import annotation
from tests.evaluation.perfect_detector import perfect_results

NAMES = ("cup", "pen", "box")


def write(root: Path, categories: list[tuple[int, str]], **changes) -> Path:
    """A cup, a pen and a box on a picture each; a category is (id, name)."""
    ids = {name: identity for identity, name in categories}
    entries = [
        annotation(i, i, category=ids[name], box=(4 * i, 6, 10 + i, 20))
        for i, name in enumerate(NAMES, start=1)
        if name in ids
    ]
    listed = [dict(id=identity, name=name) for identity, name in categories]
    root.mkdir(exist_ok=True)
    toy_coco.write(root, entries, num_images=3, **(dict(categories=listed) | changes))
    return root / "instances.json"


def labels(path: Path, classes: tuple[str, ...]) -> list[list[int]]:
    config = toy_coco.config(path.parent, CocoInstances, metainfo=dict(classes=classes))
    dataset = DATASETS.build(config)
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    return [[item["bbox_label"] for item in info["instances"]] for info in infos]


@pytest.mark.parametrize("order", list(itertools.permutations(NAMES)))
def test_order__of_the_file_and_of_the_classes_are_free(tmp_path, order):
    # Ids that do not ascend in the file's order, which pycocotools sorts.
    path = write(tmp_path, [(7, order[0]), (2, order[1]), (5, order[2])])
    for classes in itertools.permutations(NAMES):
        assert labels(path, classes) == [[classes.index(name)] for name in NAMES]
        assert perfect_results(path, classes)["toy/bbox_mAP"] == 1.0


def test_order__values_of_single_classes_have_their_names(tmp_path):
    path = write(tmp_path, [(7, "pen"), (2, "box"), (5, "cup")])
    # It takes every cup for a pen, and every pen for a cup.
    found = perfect_results(path, ("pen", "cup", "box"), classes=NAMES, classwise=True)
    single = {name: found[f"toy/{name}_precision"] for name in NAMES}
    assert single == dict(cup=0.0, pen=0.0, box=1.0)


def test_order__results_have_the_ids_of_the_file(tmp_path):
    path = write(tmp_path, [(7, "pen"), (2, "box"), (5, "cup")])
    perfect_results(path, NAMES, outfile_prefix=str(tmp_path / "found"))
    content = json.loads((tmp_path / "found.bbox.json").read_text())
    assert {item["image_id"]: item["category_id"] for item in content} == {1: 5, 2: 7, 3: 2}


def test_root__with_the_name_of_a_class_is_not_meant(tmp_path):
    # As Roboflow writes it: the first category is the root of all others.
    path = write(tmp_path, [(0, "cup"), (1, "box"), (2, "cup"), (3, "pen")])
    assert labels(path, NAMES) == [[0], [1], [2]]
    assert perfect_results(path, NAMES)["toy/bbox_mAP"] == 1.0


def test_root__where_no_category_has_annotations_the_last_is_meant():
    content = dict(categories=[dict(id=0, name="cup"), dict(id=4, name="cup")], annotations=[])
    assert category_ids(content, ["cup"], "a.json") == [4]


def test_two_meanings__of_a_name_are_refused(tmp_path):
    path = write(tmp_path, [(1, "cup"), (2, "pen"), (3, "box")])
    content = json.loads(path.read_text())
    content["categories"][2]["name"] = "cup"
    path.write_text(json.dumps(content))
    message = r"instances.json: 2 of its categories are called 'cup' .*id 1 has 1, id 3 has 1"
    with pytest.raises(DataError, match=message):
        labels(path, ("cup", "pen"))
    with pytest.raises(DataError, match="called 'cup'"):
        perfect_results(path, ("cup", "pen"))
    with pytest.raises(DataError, match="names the classes pen twice"):
        labels(path, ("pen", "pen"))
    # Another name for one of them, or one id for all annotations.
    other = copy.deepcopy(content)
    other["categories"][2]["name"] = "lid"
    path.write_text(json.dumps(other))
    assert labels(path, ("cup", "pen")) == [[0], [1], []]
    assert perfect_results(path, ("cup", "pen"))["toy/bbox_mAP"] == 1.0
    content["annotations"][2]["category_id"] = 1
    path.write_text(json.dumps(content))
    assert labels(path, ("cup", "pen")) == [[0], [1], [0]]
    assert perfect_results(path, ("cup", "pen"))["toy/bbox_mAP"] == 1.0


def test_missing__the_message_names_all_and_both_remedies_lead_to_a_right_set_up(tmp_path):
    path = write(tmp_path, [(1, "pen"), (2, "cup")])
    for read in (labels, perfect_results):
        with pytest.raises(DataError) as error:
            read(path, NAMES)
        for part in ("no category box, of the 3 classes", "Its categories: pen, cup."):
            assert part in str(error.value)
    # The categories that the file has,
    assert labels(path, ("cup", "pen")) == [[0], [1], []]
    assert perfect_results(path, ("cup", "pen"))["toy/bbox_mAP"] == 1.0
    # or one more in the file, without annotations.
    content = json.loads(path.read_text())
    content["categories"].append(dict(id=3, name="box"))
    path.write_text(json.dumps(content))
    assert labels(path, NAMES) == [[0], [1], []]
    assert perfect_results(path, NAMES)["toy/bbox_mAP"] == 1.0


def test_person__by_name_or_as_the_only_one():
    def content(*names):
        return dict(categories=[dict(id=i, name=n) for i, n in enumerate(names)], annotations=[])

    assert person_id(content("dog", "person"), "a.json") == 1
    assert person_id(content("hand"), "a.json") == 0
    with pytest.raises(DataError, match="a.json: it has no category person"):
        person_id(content("dog", "cat"), "a.json")
