"""Numbers are compared with a computation segment by segment, and with the real samples."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from argus.datasets.convert import ade20k
from argus.datasets.convert.ade20k import ADE20K, instance_labels, panoptic_labels
from argus.datasets.convert.ade20k_classes import (
    CLASSES,
    STUFF,
    THINGS,
    instance_categories,
    panoptic_categories,
)
from argus.datasets.convert.conversion import Options, run
from argus.errors import DataError
from tests.datasets.convert.archive_files import (
    image_bytes,
    read_tree,
    tar_bytes,
    times,
    write_tree,
    zip_bytes,
)
from tests.datasets.convert.published_numbers import publish
from tests.real_data.samples import SAMPLES, needs_samples

ROOT = "ADEChallengeData2016"
REAL = SAMPLES / "ade20k" / ROOT


def random_labels(seed: int, height: int = 30, width: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Semantic and instance labels of random rectangles, which overlap at random."""
    rng = np.random.default_rng(seed)
    semantic = np.zeros((height, width), np.uint8)
    instances = np.zeros((height, width, 3), np.uint8)
    for number in range(1, 13):
        y, x = rng.integers(0, height - 5), rng.integers(0, width - 5)
        box = np.s_[y : y + rng.integers(3, 15), x : x + rng.integers(3, 15)]
        if number % 2:
            semantic[box] = STUFF[rng.integers(50)].label
        else:
            thing = THINGS[rng.integers(100)]
            instances[box] = (thing.instance_label, number * 9, 0)
            semantic[box] = thing.label
            semantic[y, x] = STUFF[0].label  # the annotations do not agree everywhere
    return semantic, instances


@pytest.mark.parametrize("seed", range(5))
def test_panoptic_labels__against_painting_one_by_one(seed: int) -> None:
    semantic, instances = random_labels(seed)
    canvas = np.full(semantic.shape, -1)
    names: list[tuple[int, int]] = []  # category and number of each segment
    for category in range(150):
        if CLASSES[category].instance_label is None and (semantic == category + 1).any():
            canvas[semantic == category + 1] = len(names)
            names.append((category, 0))
    for number in range(1, 256):
        mask = instances[..., 1] == number
        if mask.any():
            canvas[mask] = len(names)
            names.append((THINGS[instances[mask][0, 0] - 1].label - 1, number))
    ids, segments = panoptic_labels(semantic, instances)
    np.testing.assert_array_equal(ids == 0, canvas == -1)
    assert [segment["id"] for segment in segments] == list(range(1, ids.max() + 1))
    seen = []
    for segment in segments:
        mask = ids == segment["id"]
        (index,) = np.unique(canvas[mask])
        np.testing.assert_array_equal(mask, canvas == index)
        assert segment["category_id"] == names[index][0]
        assert segment["area"] == mask.sum()
        rows, columns = np.nonzero(mask)
        x, y, width, height = segment["bbox"]
        assert (x, y) == (columns.min(), rows.min())
        assert (x + width, y + height) == (columns.max() + 1, rows.max() + 1)
        seen.append(index)
    assert set(seen) == set(canvas[canvas >= 0])


@pytest.mark.parametrize("seed", range(3))
def test_instance_labels__masks_and_boxes(seed: int) -> None:
    _, instances = random_labels(seed)
    items = instance_labels(instances)
    numbers = [number for number in np.unique(instances[..., 1]) if number]
    assert len(items) == len(numbers)
    for item, number in zip(items, numbers, strict=True):
        mask = instances[..., 1] == number
        np.testing.assert_array_equal(coco_mask.decode(item["segmentation"]), mask)
        assert item["category_id"] == instances[mask][0, 0] - 1
        assert item["area"] == mask.sum()
        assert item["bbox"] == coco_mask.toBbox(item["segmentation"]).tolist()


def test_classes__counts_and_the_names_of_mmdet() -> None:
    from mmdet.datasets import ADE20KInstanceDataset, ADE20KPanopticDataset

    names = ADE20KPanopticDataset.METAINFO
    assert tuple(item["name"] for item in panoptic_categories()) == names["classes"]
    assert tuple(item.name for item in THINGS) == names["thing_classes"]
    assert tuple(item.name for item in STUFF) == names["stuff_classes"]
    instances = ADE20KInstanceDataset.METAINFO["classes"]
    assert tuple(item["name"] for item in instance_categories()) == instances
    assert sorted(item["id"] for item in panoptic_categories()) == list(range(150))
    assert [item["id"] for item in instance_categories()] == list(range(100))
    assert [item.instance_label for item in THINGS] == list(range(1, 101))
    labels = [item.label for item in THINGS]
    assert labels == sorted(labels)


def test_panoptic_labels__wrong_labels() -> None:
    semantic, instances = random_labels(0)
    with pytest.raises(DataError, match="no 8-bit colour picture"):
        panoptic_labels(semantic, instances[..., 0])
    with pytest.raises(DataError, match=r"semantic labels are \(29, 40\)"):
        panoptic_labels(semantic[1:], instances)
    with pytest.raises(DataError, match="semantic label 151"):
        panoptic_labels(np.where(semantic == 0, 151, semantic).astype(np.uint8), instances)
    wrong = instances.copy()
    wrong[instances[..., 1] == 18, 0] = 101
    with pytest.raises(DataError, match=r"instance classes .*101"):
        panoptic_labels(semantic, wrong)
    wrong = instances.copy()
    wrong[..., 1] = np.where(instances[..., 1] > 0, 1, 0)
    with pytest.raises(DataError, match="pixels of several classes"):
        panoptic_labels(semantic, wrong)


def test_panoptic_labels__nothing_but_void() -> None:
    blank = np.zeros((4, 5), np.uint8)
    ids, segments = panoptic_labels(blank, np.zeros((4, 5, 3), np.uint8))
    assert segments == []
    assert not ids.any()
    assert instance_labels(np.zeros((4, 5, 3), np.uint8)) == []


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    main: dict[str, bytes] = {
        f"{ROOT}/objectInfo150.txt": b"Idx\tRatio\tTrain\tVal\tStuff\tName\n",
        f"{ROOT}/sceneCategories.txt": b"ADE_train_00000001 airport_terminal\n",
        **{f"{ROOT}/{folder}/": b"" for folder in ("images", "annotations", "images/training")},
    }
    masks = {}
    for folder, split, count in (("training", "train", 3), ("validation", "val", 2)):
        for index in range(count):
            semantic, instances = random_labels(index)
            name = f"{folder}/ADE_{split}_{index + 1:08d}"
            main[f"{ROOT}/images/{name}.jpg"] = image_bytes(instances, ".jpg")
            main[f"{ROOT}/annotations/{name}.png"] = image_bytes(semantic)
            masks[f"annotations_instance/{name}.png"] = image_bytes(instances)
    contents = {
        "ADEChallengeData2016.zip": zip_bytes(main),
        "annotations_instance.tar": tar_bytes(masks),
    }
    return write_tree(tmp_path / "downloads", contents)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = {f"{split} {kind}": number for split, number in (("train", 3), ("val", 2))
               for kind in ("images", "annotations", "panoptic labels")}  # fmt: skip
    publish(monkeypatch, "ade20k", numbers | {"instance and panoptic files": 4})


def read_ids(path: Path) -> np.ndarray:
    pixels = np.asarray(Image.open(path)).astype(int)
    return pixels[..., 0] + 256 * pixels[..., 1] + 65536 * pixels[..., 2]


@pytest.mark.parametrize("num_processes", [1, 2])
def test_ade20k__archives(downloads: Path, tmp_path: Path, small: None, num_processes: int) -> None:
    out = tmp_path / "out"
    counts = run(ADE20K, downloads, out, Options(num_processes))
    assert all(count.is_whole for count in counts)
    panoptic = json.loads((out / ROOT / "ade20k_panoptic_train.json").read_text())
    instance = json.loads((out / ROOT / "ade20k_instance_train.json").read_text())
    assert [image["id"] for image in panoptic["images"]] == [1, 2, 3]
    assert panoptic["images"] == instance["images"]
    numbers = [item["id"] for item in instance["annotations"]]
    assert numbers == list(range(1, len(numbers) + 1))
    for index, annotation in enumerate(panoptic["annotations"]):
        ids, segments = panoptic_labels(*random_labels(index))
        assert annotation["segments_info"] == segments
        path = out / ROOT / "ade20k_panoptic_train" / annotation["file_name"]
        np.testing.assert_array_equal(read_ids(path), ids)
    assert not list((out / ".converted").glob("ade20k_*"))


def test_ade20k__goes_on_where_it_stopped(
    downloads: Path, tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(ADE20K, downloads, tmp_path / "whole", Options())
    out, done = tmp_path / "out", []
    original = ade20k._convert_picture

    def interrupted(job: Any) -> Any:
        if len(done) == 4:
            raise KeyboardInterrupt
        done.append(job.stem)
        return original(job)

    monkeypatch.setattr(ade20k, "_convert_picture", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(ADE20K, downloads, out, Options())
    before = {k: v for k, v in times(out).items() if k.endswith((".png", ".jpg"))}
    monkeypatch.setattr(ade20k, "_convert_picture", original)
    run(ADE20K, downloads, out, Options())
    assert read_tree(out) == read_tree(tmp_path / "whole")
    assert before.items() <= times(out).items()


def test_ade20k__semantic_alone(downloads: Path, tmp_path: Path, small: None) -> None:
    (downloads / "annotations_instance.tar").unlink()
    counts = run(ADE20K, downloads, tmp_path / "out", Options())
    assert all(count.is_whole for count in counts)
    assert not list((tmp_path / "out" / ROOT).glob("ade20k_*"))


def test_ade20k__instances_without_images(downloads: Path, tmp_path: Path) -> None:
    source = downloads / "annotations_instance.tar"
    with pytest.raises(DataError, match="3 pictures have instance labels but no image"):
        run(ADE20K, source, tmp_path / "out", Options())


def test_ade20k__a_wrong_label_names_the_file(downloads: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _, instances = random_labels(0)
    instances[instances[..., 0] > 0, 0] = 200
    name = "annotations_instance/training/ADE_train_00000001.png"
    (downloads / "annotations_instance.tar").write_bytes(tar_bytes({name: image_bytes(instances)}))
    with pytest.raises(DataError, match=r"ADE_train_00000001.png: instance classes \[200\]"):
        run(ADE20K, downloads, out, Options())


def masks_of(ids: np.ndarray, segments: list[dict[str, Any]]) -> dict[tuple, np.ndarray]:
    return {
        (s["category_id"], s["area"], tuple(s["bbox"]), int(np.flatnonzero(ids == s["id"])[0])): (
            ids == s["id"]
        )
        for s in segments
    }


@needs_samples
def test_ade20k__real_samples_there_and_back(tmp_path: Path) -> None:
    """Official masks made of the derived panoptic labels give these labels again."""
    panoptic = json.loads((REAL / "ade20k_panoptic_train.json").read_text())
    instance = json.loads((REAL / "ade20k_instance_train.json").read_text())
    thing_of = {item.label - 1: item.instance_label for item in THINGS}
    source = tmp_path / "source" / ROOT
    for annotation in panoptic["annotations"]:
        stem = Path(annotation["file_name"]).stem
        for kind, suffix in (("images", ".jpg"), ("annotations", ".png")):
            content = (REAL / kind / "training" / f"{stem}{suffix}").read_bytes()
            write_tree(source, {f"{kind}/training/{stem}{suffix}": content})
        ids = read_ids(REAL / "ade20k_panoptic_train" / f"{stem}.png")
        masks = np.zeros((*ids.shape, 3), np.uint8)
        number = 0
        for segment in annotation["segments_info"]:
            if thing := thing_of.get(segment["category_id"]):
                number += 1
                masks[ids == segment["id"]] = (thing, number, 0)
        name = f"annotations_instance/training/{stem}.png"
        write_tree(source, {name: image_bytes(masks)})
    out = tmp_path / "out"
    run(ADE20K, tmp_path / "source", out, Options())
    found = json.loads((out / ROOT / "ade20k_panoptic_train.json").read_text())
    assert found["images"] == panoptic["images"]
    assert {item["id"]: item["isthing"] for item in found["categories"]} == {
        item["id"]: item["isthing"] for item in panoptic["categories"]
    }
    for ours, theirs in zip(found["annotations"], panoptic["annotations"], strict=True):
        parts = [
            masks_of(read_ids(root / "ade20k_panoptic_train" / item["file_name"]), segments)
            for root, item in ((out / ROOT, ours), (REAL, theirs))
            for segments in [item["segments_info"]]
        ]
        assert parts[0].keys() == parts[1].keys()
        assert all((parts[0][key] == parts[1][key]).all() for key in parts[0])
    ours = json.loads((out / ROOT / "ade20k_instance_train.json").read_text())["annotations"]
    keys = ("image_id", "category_id", "area", "bbox")
    both = [
        sorted([item[key] for key in keys] + [item["segmentation"]["counts"]] for item in items)
        for items in (ours, instance["annotations"])
    ]
    assert len(ours) == 66
    assert both[0] == both[1]


def test_ade20k__read_by_the_data_sets(downloads: Path, tmp_path: Path, small: None) -> None:
    from mmdet.datasets import ADE20KInstanceDataset

    from argus.datasets.ade20k import ADE20KInstances, ADE20KPanoptic

    out = tmp_path / "out"
    run(ADE20K, downloads, out, Options())
    prefix = dict(img="images/training", seg="ade20k_panoptic_train")
    panoptic = ADE20KPanoptic(
        data_root=str(out / ROOT), ann_file="ade20k_panoptic_train.json", data_prefix=prefix
    )
    assert len(panoptic) == 3
    for index in range(3):
        semantic, instances = random_labels(index)
        info = panoptic.get_data_info(index)
        ids = cv2.imread(info["panoptic_path"])[..., ::-1].astype(int) @ [1, 256, 65536]
        for segment in info["segments_info"]:
            mask = ids == segment["id"]
            if segment["is_thing"]:
                assert (instances[mask][:, 0] == segment["label"] + 1).all()
            else:
                assert (semantic[mask] == STUFF[segment["label"] - 100].label).all()
    for kind in (ADE20KInstances, ADE20KInstanceDataset):
        dataset = kind(
            data_root=str(out / ROOT),
            ann_file="ade20k_instance_train.json",
            data_prefix=dict(img="images/training"),
        )
        instances = random_labels(0)[1]
        labels = [item["bbox_label"] for item in dataset.get_data_info(0)["instances"]]
        expected = [item["category_id"] for item in instance_labels(instances)]
        assert labels == expected
