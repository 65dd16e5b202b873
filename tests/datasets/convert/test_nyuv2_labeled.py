"""The original file's layout in small; the facts against the real samples."""

import importlib
import json
import sys
import tracemalloc
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from argus.datasets.convert import nyuv2_labeled
from argus.datasets.convert.conversion import Options, run
from argus.datasets.convert.nyuv2_labeled import (
    CLASSES_13,
    CLASSES_40,
    NYUV2_LABELED,
    TEST_IMAGES,
    label_pictures,
    millimetres,
    pictures,
)
from argus.errors import ConfigError, DataError
from tests.datasets.convert.archive_files import read_tree
from tests.real_data.samples import SAMPLES, needs_samples

NUM, HEIGHT, WIDTH = 5, 6, 8


def arrays() -> dict[str, np.ndarray]:
    """As h5py reads them: columns first."""
    rng = np.random.default_rng(0)
    depths = rng.uniform(0.5, 10, (NUM, WIDTH, HEIGHT)).astype(np.float32)
    return dict(
        images=rng.integers(0, 256, (NUM, 3, WIDTH, HEIGHT), np.uint8),
        depths=depths,
        rawDepths=np.where(rng.random(depths.shape) < 0.2, 0, depths).astype(np.float32),
        labels=rng.integers(0, 895, (NUM, WIDTH, HEIGHT)).astype(np.uint16),
    )


class StandInArray(np.ndarray):
    """Of the file itself."""

    external = None
    is_virtual = False


class HardLink:
    """As h5py's."""


class StandInContents(dict):
    """Arrays by name."""

    def get(self, name, getlink):  # type: ignore[override]
        return HardLink() if name in self else None


class StandIn:
    """A file of h5py over arrays in memory: the same reading without the package."""

    def __init__(self, path: Path) -> None:
        if path.read_bytes() != b"HDF5":
            raise OSError("file signature not found")
        self.contents: Mapping[str, np.ndarray] = arrays()

    def __enter__(self) -> "StandInContents":
        return StandInContents({k: v.view(StandInArray) for k, v in self.contents.items()})

    def __exit__(self, *error: object) -> None:
        pass


STAND_IN = SimpleNamespace(File=StandIn, HardLink=HardLink, Dataset=StandInArray)


@pytest.fixture(params=["stand-in", "h5py"])
def source(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    path = folder / "nyu_depth_v2_labeled.mat"
    if request.param == "h5py":
        h5py = pytest.importorskip("h5py")
        with h5py.File(path, "w", userblock_size=512) as file:  # as MATLAB writes them
            for name, array in arrays().items():
                file[name] = array
    else:
        monkeypatch.setitem(sys.modules, "h5py", STAND_IN)
        path.write_bytes(b"HDF5")
    return folder


def test_nyuv2_labeled__every_picture(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    counts = run(NYUV2_LABELED, source, out, Options())
    assert {count.found for count in counts[:5]} == {NUM}
    expected = arrays()
    for index in range(NUM):
        name = f"{index + 1:04d}.png"
        image = cv2.imread(str(out / "image" / name))[..., ::-1]
        seg40, seg13, depth, raw = (
            cv2.imread(str(out / folder / name), cv2.IMREAD_UNCHANGED)
            for folder in ("seg40", "seg13", "depth", "depth_raw")
        )
        assert depth.dtype == raw.dtype == np.uint16
        for y in range(HEIGHT):
            for x in range(WIDTH):
                np.testing.assert_array_equal(image[y, x], expected["images"][index, :, x, y])
                label = int(expected["labels"][index, x, y])
                assert seg40[y, x] == (CLASSES_40[label] if label else 0)
                assert seg13[y, x] == (CLASSES_13[CLASSES_40[label]] if label else 0)
        assert np.abs(depth / 1000 - expected["depths"][index].T).max() <= 0.0005 + 1e-6
        np.testing.assert_array_equal(raw == 0, expected["rawDepths"][index].T == 0)
    # Pictures 1 and 2 are of the test part, 3 to 5 of the training part.
    assert (out / "gt_sets/val.txt").read_text().split() == ["0001", "0002"]
    assert (out / "gt_sets/train.txt").read_text().split() == ["0003", "0004", "0005"]


def test_nyuv2_labeled__goes_on_where_it_stopped(
    source: Path,
    tmp_path: Path,
    monkeypatch,
) -> None:
    run(NYUV2_LABELED, source, tmp_path / "whole", Options())
    out, original, done = tmp_path / "out", nyuv2_labeled.write_png, []

    def interrupted(path: Path, pixels: np.ndarray) -> None:
        if len(done) == 7:
            raise KeyboardInterrupt
        done.append(path)
        original(path, pixels)

    monkeypatch.setattr(nyuv2_labeled, "write_png", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(NYUV2_LABELED, source / "nyu_depth_v2_labeled.mat", out, Options())
    before = {path: path.stat().st_mtime_ns for path in done}
    monkeypatch.setattr(nyuv2_labeled, "write_png", original)
    run(NYUV2_LABELED, source, out, Options())
    assert read_tree(out) == read_tree(tmp_path / "whole")
    assert before == {path: path.stat().st_mtime_ns for path in done}


def as_published(path: Path, num: int, height: int, width: int, chunk: int, **fill: int) -> None:
    """A file of MATLAB 7.3 with everything that the original has, packed, ``chunk`` pictures each.

    Arrays have random values, or one value each if ``fill`` has it.
    """
    h5py = pytest.importorskip("h5py")
    rng = np.random.default_rng(1)
    kinds = dict(images="u1", depths="f4", rawDepths="f4", labels="u2", instances="u1")
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, kind in kinds.items():
            shape = (num, 3, width, height) if name == "images" else (num, width, height)
            array = file.create_dataset(
                name,
                shape,
                kind,
                chunks=(chunk, *shape[1:-2], width, -(-height // 2)),
                compression="gzip",
                fillvalue=fill.get(name),
            )
            array.attrs["MATLAB_class"] = np.bytes_("uint8")
            if not fill:
                high = 256 if kind == "u1" else 895
                values = rng.integers(0, high, shape) if kind[0] == "u" else rng.random(shape) * 9
                array[...] = values.astype(kind)
        file["accelData"] = np.zeros((4, num))
        texts = file.create_group("#refs#")
        references = np.empty((1, 894), h5py.ref_dtype)
        for index in range(3):  # cells of text are references
            texts[f"{index}b"] = np.frombuffer(b"w\0a\0", np.uint16)[:, None]
            references[0, index] = texts[f"{index}b"].ref
        for name in ("names", "scenes", "sceneTypes", "rawDepthFilenames", "rawRgbFilenames"):
            file[name] = references
        group = file.create_group("namesToIds")
        group.attrs["MATLAB_class"] = np.bytes_("containers.Map")
    with open(path, "r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64, HDF5 schema 1.00 .".ljust(124))
        stream.write(b"\0\2IM")


@pytest.mark.parametrize("chunk", [1, 2, 4])
def test_nyuv2_labeled__packed_as_published(tmp_path: Path, chunk: int) -> None:
    source = tmp_path / "nyu_depth_v2_labeled.mat"
    as_published(source, NUM, HEIGHT, WIDTH, chunk)
    out = tmp_path / "out"
    run(NYUV2_LABELED, source, out, Options())
    h5py = pytest.importorskip("h5py")
    with h5py.File(source) as file:
        for index in range(NUM):
            name = f"{index + 1:04d}.png"
            image = cv2.imread(str(out / "image" / name))[..., ::-1]
            np.testing.assert_array_equal(image, file["images"][index].transpose(2, 1, 0))
            seg40, depth = (
                cv2.imread(str(out / folder / name), cv2.IMREAD_UNCHANGED)
                for folder in ("seg40", "depth")
            )
            np.testing.assert_array_equal(seg40, CLASSES_40[file["labels"][index].T])
            np.testing.assert_array_equal(depth, millimetres(file["depths"][index].T))
    # A picture that was lost is written again, and nothing else is.
    before = read_tree(out)
    (out / "seg13/0003.png").unlink()
    run(NYUV2_LABELED, source, out, Options())
    assert read_tree(out) == before


def test_nyuv2_labeled__takes_the_memory_of_a_few_pictures(tmp_path: Path) -> None:
    source = tmp_path / "nyu_depth_v2_labeled.mat"
    num, height, width = 16, 480, 640
    as_published(source, num, height, width, 2, images=9, depths=2, rawDepths=2, labels=5)
    whole = num * height * width * (3 + 4 + 4 + 2)
    tracemalloc.start()
    try:
        run(NYUV2_LABELED, source, tmp_path / "out", Options())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < whole / 2
    assert len(list((tmp_path / "out/seg40").glob("*.png"))) == num


def test_nyuv2_labeled__pieces_that_are_too_large(tmp_path: Path) -> None:
    source = tmp_path / "nyu_depth_v2_labeled.mat"
    as_published(source, 400, 480, 640, 400, images=9, depths=2, rawDepths=2, labels=5)
    with pytest.raises(DataError, match=r"packed in pieces of \(400, 3, 640, 240\) values"):
        run(NYUV2_LABELED, source, tmp_path / "out", Options())


def test_nyuv2_labeled__without_h5py(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "nyu_depth_v2_labeled.mat").write_bytes(b"HDF5")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError):
        importlib.import_module("h5py")
    with pytest.raises(ConfigError, match="pip install h5py"):
        run(NYUV2_LABELED, tmp_path, tmp_path / "out", Options())


def test_nyuv2_labeled__foreign_files(source: Path, tmp_path: Path, monkeypatch) -> None:
    (source / "nyu_depth_v2_labeled.mat").write_bytes(b"<html>not found</html>")
    with pytest.raises(DataError, match="no HDF5 file, or not complete"):
        run(NYUV2_LABELED, source, tmp_path / "out", Options())
    with pytest.raises(DataError, match="does not exist. Expected"):
        run(NYUV2_LABELED, tmp_path, tmp_path / "out", Options())
    other = arrays()
    del other["labels"]
    monkeypatch.setattr("tests.datasets.convert.test_nyuv2_labeled.arrays", lambda: other)
    monkeypatch.setitem(sys.modules, "h5py", STAND_IN)
    (source / "nyu_depth_v2_labeled.mat").write_bytes(b"HDF5")
    with pytest.raises(DataError, match="labels .* found; expected images"):
        run(NYUV2_LABELED, source, tmp_path / "out", Options())


def test_pictures__label_out_of_range() -> None:
    with pytest.raises(DataError, match=r"label 895: expected 0..894"):
        label_pictures(np.array([[895]], np.uint16))
    with pytest.raises(DataError, match="label 895"):
        pictures({**arrays(), "labels": np.full((1, 2, 2), 895, np.uint16)}, 0)


def test_millimetres__unknown_and_rounding() -> None:
    depth = np.array([0.0, np.nan, -1.0, np.inf, 1.2344, 1.2346, 65.535, 65.6, 1e-5])
    expected = [0, 0, 0, 0, 1234, 1235, 65535, 0, 0]
    np.testing.assert_array_equal(millimetres(depth), expected)


def test_facts__sizes() -> None:
    assert len(TEST_IMAGES) == 654
    assert TEST_IMAGES < set(range(1, 1450))
    assert len(CLASSES_40) == 895
    assert set(CLASSES_40[1:].tolist()) == set(range(1, 41))
    assert set(CLASSES_13[1:].tolist()) == set(range(1, 14))
    # Labels that are a class of the 40 of their own: wall, floor, cabinet, bed, chair.
    np.testing.assert_array_equal(CLASSES_40[[21, 11, 3, 157, 5]], [1, 2, 3, 4, 5])


@needs_samples
def test_facts__real_samples() -> None:
    root = SAMPLES / "nyuv2"
    seg40, seg13 = (
        cv2.imread(str(root / folder / "vainf_office.png"), cv2.IMREAD_UNCHANGED)
        for folder in ("seg40", "seg13")
    )
    np.testing.assert_array_equal(CLASSES_13[seg40], seg13)
    indices = {
        item["nyu_index"]
        for item in json.loads((root / "meta.json").read_text()).values()
        if item.get("split") == "test" and item.get("nyu_index")
    }
    assert len(indices) >= 11
    assert indices <= TEST_IMAGES
