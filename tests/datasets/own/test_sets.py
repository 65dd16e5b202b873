"""The registered data sets: their samples, and that checks see them as they see others."""

import numpy as np
import pytest
from mmdet.datasets.transforms import LoadAnnotations
from mmengine.registry import DATASETS

from argus.datasets.checks.walk import check_tasks
from argus.datasets.own.classes import OwnClasses, OwnTags
from argus.datasets.own.detection import OwnDetection, OwnInstances
from argus.datasets.own.loading import LoadOwnMap
from argus.datasets.own.semantic import OwnSemantic
from argus.datasets.transforms import LoadImage
from argus.errors import ConfigError, DataError
from tests.datasets.own.layouts import (
    class_folders,
    coco,
    coco_content,
    halves,
    map_of,
    masks,
    picture,
    write_json,
)


def build(kind, root, split="train", **settings):
    return DATASETS.build(dict(type=kind, data=str(root), split=split, **settings))


def maps_of(dataset, number):
    """All label maps, as the loader reads them."""
    load = LoadOwnMap(number)
    load.take_palette(dataset.metainfo)
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    return [load.transform(LoadImage().transform(info))["gt_seg_map"] for info in infos]


def test_detection__samples(tmp_path) -> None:
    found = build(OwnDetection, coco(tmp_path))
    entry = found.get_data_info(0)
    assert (entry["width"], entry["height"]) == (24, 16)
    assert [(one["bbox"], one["bbox_label"]) for one in entry["instances"]] == [
        ([2, 3, 10, 9], 1),
        ([12, 3, 20, 9], 0),
    ]
    both = [build(OwnDetection, tmp_path, part) for part in ("train", "val")]
    paths = [{d.get_data_info(i)["img_path"] for i in range(len(d))} for d in both]
    assert len(paths[0] | paths[1]) == 4 and not paths[0] & paths[1]


def test_detection__boxes_end_at_the_border_of_the_picture(tmp_path) -> None:
    content = coco_content([picture(tmp_path / "a.png")])
    boxes = ([-5, 2, 9, 8], [20, 10, 8, 50], [-0.4, 0, 8, 8], [30, 2, 5, 5])
    first = content["annotations"][0] | dict(segmentation=[])
    content["annotations"] = [first | dict(id=i, bbox=box) for i, box in enumerate(boxes)]
    write_json(tmp_path / "a.json", content)
    found = build(OwnDetection, tmp_path, "all")
    assert [one["bbox"] for one in found.get_data_info(0)["instances"]] == [
        [0, 2, 4, 10],
        [20, 10, 24, 16],
        [0, 0, 7.6, 8],
    ]
    assert dict(found.dropped) == {"outside of their picture": 1}
    assert "2 boxes are partly outside of the picture: cut at its border" in found.notes


def test_detection__classes_by_name_and_filter(tmp_path) -> None:
    found = build(OwnDetection, coco(tmp_path), classes=["nut"])
    assert [one["bbox_label"] for one in found.get_data_info(0)["instances"]] == [0]
    assert found.dropped.total() == len(found)
    with pytest.raises(DataError, match="no samples found"):
        build(OwnDetection, tmp_path, filter_cfg=dict(min_size=99))


def test_instances__without_outline_are_ignored(tmp_path) -> None:
    content = coco_content([picture(tmp_path / f"{n}.png") for n in range(3)])
    content["annotations"][0]["segmentation"] = []
    write_json(tmp_path / "a.json", content)
    flags = [
        [
            one["ignore_flag"]
            for one in build(OwnInstances, tmp_path, part).get_data_info(0)["instances"]
        ]
        for part in ("train", "val")
    ]
    assert sorted(sum(flags, [])) == [0, 0, 0, 1] or sum(sum(flags, [])) == 0


def test_semantic__values_and_chosen_classes(tmp_path) -> None:
    masks(tmp_path, values=(0, 255))
    for found in maps_of(build(OwnSemantic, tmp_path), 2):
        assert (found == halves(0, 1)).all()
    for found in maps_of(build(OwnSemantic, tmp_path, classes=["plate"]), 1):
        assert (found == halves(255, 0)).all()


def test_semantic__palettes_in_another_order_go_by_the_table(tmp_path) -> None:
    colours = [(0, 0, 0), (255, 0, 0), (0, 255, 0)]
    for n, order in enumerate(([0, 1, 2], [2, 0, 1], [1, 2, 0])):
        picture(tmp_path / f"images/{n}.png")
        indices = np.array([order.index(0), order.index(2)])
        map_of(tmp_path / f"masks/{n}.png", indices[halves(0, 1)], [colours[i] for i in order])
    (tmp_path / "labelmap.txt").write_text("ground:0,0,0::\nred:255,0,0::\ngreen:0,255,0::\n")
    for part in ("train", "val"):
        for found in maps_of(build(OwnSemantic, tmp_path, part), 3):
            assert (found == halves(0, 2)).all()


def test_semantic__outlines_are_drawn_the_small_on_top(tmp_path) -> None:
    content = coco_content([picture(tmp_path / f"{n}.png") for n in range(2)])
    big = [0, 0, 24, 0, 24, 16, 0, 16]
    content["annotations"] = [
        dict(id=9 * n + k, image_id=n, category_id=label, bbox=[0, 0, 24, 16], segmentation=[ring])
        for n in range(2)
        for k, (label, ring) in enumerate(((7, [4, 4, 12, 4, 12, 10, 4, 10]), (3, big)))
    ]
    write_json(tmp_path / "a.json", content)
    found = build(OwnSemantic, tmp_path)
    assert found.metainfo["classes"] == ("background", "bolt", "nut")
    expected = np.full((16, 24), 1, np.uint8)
    expected[4:10, 4:12] = 2
    assert (maps_of(found, 3)[0] == expected).all()


def test_semantic__value_that_came_later_is_named(tmp_path) -> None:
    dataset = build(OwnSemantic, masks(tmp_path))
    map_of(tmp_path / "masks/0.png", halves(0, 4))
    with pytest.raises(DataError, match=r"0\.png: values \[4\] that no class has"):
        maps_of(dataset, 2)
        maps_of(build(OwnSemantic, tmp_path, "val"), 2)


def test_classes__and_tags(tmp_path) -> None:
    found = build(OwnClasses, class_folders(tmp_path / "f"))
    infos = [found.get_data_info(index) for index in range(len(found))]
    assert all(i["gt_label"] == int("dog" in i["img_path"].split("/")[-2]) for i in infos)
    content = coco_content([picture(tmp_path / f"t/{n}.png") for n in range(3)])
    content["annotations"] = [dict(id=1, image_id=1, category_id=7)]
    write_json(tmp_path / "t/a.json", content)
    parts = [build(OwnTags, tmp_path / "t", part) for part in ("train", "val")]
    labels = {
        d.get_data_info(i)["img_path"][-5:]: d.get_data_info(i)["gt_label"]
        for d in parts
        for i in range(len(d))
    }
    assert labels == {"0.png": [], "1.png": [1], "2.png": []}


def test_split__is_the_same_for_every_task(tmp_path) -> None:
    coco(tmp_path, 12)
    sets = [
        {d.get_data_info(i)["img_path"] for i in range(len(d))}
        for d in (build(kind, tmp_path, "val", seed=5) for kind in (OwnInstances, OwnSemantic))
    ]
    assert sets[0] == sets[1] and 0 < len(sets[0]) < 12


def test_split__all_is_every_picture(tmp_path) -> None:
    root = coco(tmp_path, 6)
    parts = [build(OwnDetection, root, split) for split in ("train", "val", "all")]
    paths = [{sample["img_path"] for sample in part} for part in map(entries, parts)]
    assert paths[0] | paths[1] == paths[2] and len(paths[2]) == 6
    assert paths[1] and not paths[0] & paths[1]


def entries(dataset):
    return [dataset.get_data_info(index) for index in range(len(dataset))]


def test_split__of_another_name_is_refused(tmp_path) -> None:
    with pytest.raises(ConfigError, match="split='dev': expected one of train, val, test"):
        build(OwnDetection, coco(tmp_path), "dev")


def test_classes_of__a_config_without_its_data_are_none(tmp_path) -> None:
    assert OwnDetection.classes_of(dict(data=str(tmp_path / "gone"))) == ()
    assert OwnDetection.classes_of(dict(data=str(coco(tmp_path)))) == ("bolt", "nut")


def test_checks__see_them_as_others(tmp_path) -> None:
    masks(tmp_path / "m")
    coco(tmp_path / "c")
    picture(tmp_path / "m/images/lonely.png")
    pipelines = dict(
        m=[dict(type=LoadImage), dict(type=LoadOwnMap, num_classes=2)],
        c=[dict(type=LoadImage), dict(type=LoadAnnotations, with_bbox=True)],
    )
    tasks = {
        name: dict(
            train=dict(
                dataset=dict(type=kind, data=str(tmp_path / name), split="train", pipeline=steps),
                batch_size=1,
            )
        )
        for (name, steps), kind in zip(pipelines.items(), (OwnSemantic, OwnDetection), strict=True)
    }
    maps, boxes = check_tasks(tasks)
    assert not maps.errors and not boxes.errors
    assert any("1 picture has no map" in text for text in maps.warnings)
    number = maps.counts["samples"]
    assert maps.classes == {"0 ground": number * 192, "1 plate": number * 192}
    assert boxes.classes == {"0 bolt": boxes.counts["samples"], "1 nut": boxes.counts["samples"]}
    tasks["m"]["train"]["dataset"]["data"] = str(tmp_path / "gone")
    assert "no such file or folder" in check_tasks(dict(m=tasks["m"]))[0].errors[0]
