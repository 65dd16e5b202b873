"""The releases' trees in small, by pixels; the real pictures against labels made elsewhere."""

import io
import json
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from argus.datasets.convert.ade20k import ADE20K
from argus.datasets.convert.ade20k_classes import CLASSES
from argus.datasets.convert.ade20k_full import (
    ADE20K_FULL,
    LABEL_OF_INDEX,
    benchmark_labels,
    benchmark_size,
    thing_picture,
)
from argus.datasets.convert.conversion import Options, run
from argus.errors import DataError
from tests.datasets.convert.archive_files import image_bytes, read_tree, write_tree, zip_bytes
from tests.real_data.samples import SAMPLES, needs_samples

WALL, CAR, PERSON, DOOR, DOUBLE_DOOR, ALARM = 2978, 401, 1831, 774, 783, 3113  # of the release
LABELS = {WALL: 1, CAR: 21, PERSON: 13, DOOR: 15, DOUBLE_DOOR: 15, ALARM: 0}
ROOT = "ADEChallengeData2016"
FULL = SAMPLES / "ade20k/ADE20K_2021_17_01"


def stored(height: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A ``_seg.png``, classes of the release and numbers of the objects: columns of one each."""
    rng = np.random.default_rng(seed)
    classes, numbers = np.zeros((2, height, width), int)
    for number, left in enumerate(range(2, width - 4, 4), start=1):
        classes[:, left : left + 4] = rng.choice(list(LABELS))
        numbers[:, left : left + 4] = number
    picture = np.stack([classes // 256 * 10, classes % 256, numbers], axis=-1).astype(np.uint8)
    return picture, classes, numbers


def release(folder: str, name: str, size: tuple[int, int] = (20, 30)) -> dict[str, bytes]:
    """The files of a picture."""
    picture = stored(*size)[0]
    mask = image_bytes(np.full(size, 255, np.uint8))
    return {
        f"{folder}/{name}.jpg": image_bytes(picture, ".jpg"),
        f"{folder}/{name}_seg.png": image_bytes(picture),
        f"{folder}/{name}_parts_1.png": image_bytes(np.zeros_like(picture)),
        f"{folder}/{name}.json": '{"annotation": "caf\xe9"}'.encode("latin-1"),
        f"{folder}/{name}/instance_000_{name}.png": mask,
        f"{folder}/{name}/instance_001_{name}.png": mask,
    }


class Trap:
    """What runs when it is unpickled."""

    def __reduce__(self):
        return pytest.fail, ("the index was unpickled",)


def tree_2021() -> dict[str, bytes]:
    files = release("images/ADE/training/urban/street", "ADE_train_00000001", (600, 660))
    files |= release("images/ADE/training/cultural/apse__indoor", "ADE_train_00020210")
    files |= release("images/ADE/training/misc", "ADE_train_00020211")  # not of the benchmark
    files |= release("images/ADE/validation/urban/alley", "ADE_val_00000001")
    files |= {"index_ade20k.pkl": pickle.dumps(Trap()), "objects.txt": b"\xe9"}
    return {f"ADE20K_2021_17_01/{name}": content for name, content in files.items()}


def tree_2016() -> dict[str, bytes]:
    files = release("images/training/a/abbey", "ADE_train_00000001", (600, 660))
    files |= release("images/training/outliers/b", "ADE_train_00020210")
    files |= release("images/validation/a/alley", "ADE_val_00000001")
    for copy in ("original_ade20k", "reannotation"):
        files |= release(f"images/consistencyanalysis/{copy}", "ADE_val_00000001", (10, 10))
    files["index_ade20k.mat"] = b"no MATLAB file"
    return {f"ADE20K_2016_07_26/{name}": content for name, content in files.items()}


@pytest.mark.parametrize("tree", [tree_2021, tree_2016])
def test_ade20k_full__the_benchmarks_part(tree, tmp_path: Path, monkeypatch) -> None:
    source = write_tree(tmp_path / "s", {"ADE20K.zip": zip_bytes(tree())})
    out = tmp_path / "out"
    counts = {count.name: count.found for count in run(ADE20K_FULL, source, out, Options())}
    assert counts == {
        **{f"train {kind}": 2 for kind in ("images", "annotations", "panoptic labels")},
        **{f"val {kind}": 1 for kind in ("images", "annotations", "panoptic labels")},
        "instance and panoptic files": 4,
    }
    files = read_tree(out / ROOT)
    name = "training/ADE_train_00020210"
    _, classes, numbers = stored(20, 30)
    semantic, instances = (
        np.array(Image.open(io.BytesIO(files[f"{kind}/{name}.png"])))
        for kind in ("annotations", "annotations_instance")
    )
    found: dict[int, set] = {}
    for y in range(20):
        for x in range(30):
            label = LABELS.get(classes[y, x], 0)
            assert semantic[y, x] == label
            thing = CLASSES[label - 1].instance_label if label else None
            assert instances[y, x, 0] == (thing or 0)
            if thing:
                found.setdefault(instances[y, x, 1], set()).add((thing, numbers[y, x]))
            else:
                assert not instances[y, x].any()
    assert sorted(found) == list(range(1, len(found) + 1))
    assert all(len(pairs) == 1 for pairs in found.values())
    jpg = next(content for key, content in tree().items() if key.endswith("train_00020210.jpg"))
    assert files[f"images/{name}.jpg"] == jpg  # small ones stay as they are
    for kind, suffix in (("images", "jpg"), ("annotations", "png")):
        large = Image.open(io.BytesIO(files[f"{kind}/training/ADE_train_00000001.{suffix}"]))
        assert large.size == (563, 512)
    panoptic = json.loads(files["ade20k_panoptic_val.json"])
    assert [image["id"] for image in panoptic["images"]] == [1]
    assert not (out / ".converted/ade20k-full").exists()
    with pytest.raises(DataError, match="holds the output of 'ade20k-full'"):
        run(ADE20K, source, out, Options())


def test_benchmark_size__the_owners_rule() -> None:
    assert benchmark_size(768, 1024) == (512, 683)
    assert benchmark_size(1024, 768) == (683, 512)
    assert benchmark_size(512, 900) == (512, 900)
    assert benchmark_size(300, 2000) == (300, 2000)
    assert benchmark_size(800, 800) == (800, 800)


def test_label_of_index__the_published_table() -> None:
    assert set(LABEL_OF_INDEX.tolist()) == set(range(151))
    assert (LABEL_OF_INDEX > 0).sum() == 153  # door, wardrobe and booth have two classes each
    for index, label in LABELS.items():
        assert LABEL_OF_INDEX[index] == label


def test_ade20k_full__mistakes(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="red in steps of 10"):
        benchmark_labels(np.full((2, 2, 3), 7, np.uint8))
    with pytest.raises(DataError, match="expected 8-bit colours"):
        benchmark_labels(np.zeros((2, 2), np.uint8))
    files = tree_2016()
    name = "ADE20K_2016_07_26/images/training/a/abbey/ADE_train_00000001.jpg"
    other = image_bytes(np.zeros((3, 3, 3), np.uint8), ".jpg")
    with pytest.raises(DataError, match=r"00001_seg.png: labels \(600, 660\), its picture \(3, 3"):
        run(
            ADE20K_FULL,
            write_tree(tmp_path / "1", files | {name: other}),
            tmp_path / "o",
            Options(),
        )
    del files[name]
    with pytest.raises(DataError, match=r"00001_seg.png is there without its picture"):
        run(ADE20K_FULL, write_tree(tmp_path / "2", files), tmp_path / "p", Options())


def test_thing_picture__too_many_objects() -> None:
    semantic = np.repeat(np.array([[13], [21]], np.uint8), 255, axis=1)
    numbers = np.arange(1, 256, dtype=np.uint8)[None].repeat(2, axis=0)
    with pytest.raises(DataError, match="510 objects; expected at most 255"):
        thing_picture(semantic, numbers)
    assert thing_picture(semantic[:1], numbers[:1])[0, :, 1].tolist() == list(range(1, 256))


@needs_samples
def test_ade20k_full__real_samples(tmp_path: Path) -> None:
    run(ADE20K_FULL, FULL, tmp_path / "out", Options())
    root, derived = tmp_path / "out" / ROOT, SAMPLES / "ade20k" / ROOT
    for stem in ("ADE_train_00016869", "ADE_train_00016900", "ADE_train_00016964"):
        ours, theirs = (
            cv2.imread(str(folder / f"annotations/training/{stem}.png"), cv2.IMREAD_UNCHANGED)
            for folder in (root, derived)
        )
        assert (ours != theirs).mean() < 1e-4
        pictures = [
            cv2.imread(str(folder / f"images/training/{stem}.jpg")).astype(int)
            for folder in (root, derived)
        ]
        assert np.abs(pictures[0] - pictures[1]).mean() < 3
    found, expected = (
        sorted(
            (item["image_id"], item["category_id"])
            for item in json.loads((folder / "ade20k_instance_train.json").read_text())[
                "annotations"
            ]
        )
        for folder in (root, derived)
    )
    assert len(expected) == 66
    assert found == expected
