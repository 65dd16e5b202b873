"""Pickles, arrays of objects and YAML of data sets give plain values, wherever they are opened."""

import io
import os
import pickle
import sys
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mmengine
import numpy as np
import pytest
from mmdet.datasets import BaseDetDataset
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmpretrain.datasets import CIFAR10
from mmseg.datasets.transforms import LoadBiomedicalAnnotation, LoadBiomedicalImageFromFile

from argus.datasets.build import build_dataset
from argus.datasets.resilient import REPLACED, ResilientDataset
from argus.engine.config_files.reading import read_config_file
from argus.errors import ConfigError, DataError
from argus.safe_load import NotPlainError, allow_unpickling, tensors_only
from argus.safe_load.plain import NotPlain, read_plain


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.victim), "w")


# --- the reader ---

ARRAY = np.arange(6).reshape(2, 3)
VALUES: list[Any] = [
    *(
        None,
        True,
        3,
        -(10**30),
        2.5,
        1 + 2j,
        "text",
        b"bytes",
        b"",
        [1, [2]],
        (1, (2,)),
        {"a": {1: 2}},
    ),
    *({1, 2}, frozenset([3]), OrderedDict(a=1)),
    *(ARRAY, ARRAY.T, ARRAY[:, ::2], ARRAY.astype(">i2"), np.zeros((0, 3)), np.array(5.0)),
    *(
        np.array([True]),
        np.array([1 + 2j]),
        np.array(["a", "bcd"]),
        np.array([b"x"]),
        np.array([""]),
    ),
    *(np.float32(3), np.int64(4), np.array([{"x": ARRAY}, None, "a"], object)),
]


def assert_same(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    if isinstance(expected, np.ndarray):
        assert found.shape == expected.shape and found.dtype == expected.dtype
        assert found.flags.writeable
        assert found.dtype == object or np.array_equal(found, expected)
        for one, other in zip(found.flat, expected.flat, strict=True):
            assert_same(one, other)
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        for key, value in expected.items():
            assert_same(found[key], value)
    else:
        assert found == expected


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain__values_of_every_kind(protocol: int) -> None:
    for value in VALUES:
        assert_same(read_plain(io.BytesIO(pickle.dumps(value, protocol))), value)
    again = read_plain(io.BytesIO(pickle.dumps([ARRAY, ARRAY], protocol)))
    assert again[0] is again[1]


def test_plain__several_in_a_file_and_bytes_of_python_2() -> None:
    file = io.BytesIO(pickle.dumps([1]) + pickle.dumps({"a": 2}) + b"rest")
    assert [read_plain(file), read_plain(file), file.read()] == [[1], {"a": 2}, b"rest"]
    # protocol 2 of Python 2: an array, whose bytes are a str there
    old = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85U\x01b"
        b"\x87R(K\x01K\x02\x85cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xff"
        b"J\xff\xff\xff\xffK\x00tb\x89U\x02\xfa\x07tb."
    )
    assert read_plain(io.BytesIO(old), encoding="latin1").tolist() == [250, 7]


class Custom:
    """A class of the file's own."""


def dtype_state(flags: int) -> bytes:
    """An array of objects whose type claims to hold none, so that its bytes would be pointers."""
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I1\nt"
        b"cnumpy\ndtype\n(S'O8'\nI0\nI1\ntR(I3\nS'|'\nNNNI-1\nI-1\nI%d\ntbI00\nS'AAAAAAAA'\ntb."
    ) % flags


HOSTILE: dict[str, bytes] = {
    "class": pickle.dumps(Custom()),
    "function": pickle.dumps(os.system),
    "call": pickle.dumps(Trap(Path("/tmp/argus_trap"))),
    "class in an array": pickle.dumps(np.array([Custom()], object)),
    "records": pickle.dumps(np.zeros(2, [("a", int)])),
    "pointers": dtype_state(0),
    "pointers, told": dtype_state(63),
    "memory": b"cbuiltins\nbytes\n(I1000000000000\ntR.",
    "memory of texts": (
        b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'U999999999'\ntRS''\ntR."
    ),
    "announced memory": b"\x80\x05\x96" + (2**40).to_bytes(8, "little") + b".",
    "registered": b"\x80\x02\x82\x01.",
    "persistent": b"Pname\n.",
    "attribute of a class": b"\x80\x04\x8c\x08builtins\x8c\x0aset.__init__\x93.",
    "state of a container": b"ccollections\nOrderedDict\n(tR(dS'keys'\nI1\nsb.",
    "empty": b"",
    "text": b"no pickle at all",
    "cut off": pickle.dumps([1, 2, 3])[:-3],
    "deep": b"]" * 3 + b"a" * 9,
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("encoding", ["ASCII", "latin1", "bytes"])
def test_plain__nothing_else(kind: str, encoding: str) -> None:
    with pytest.raises(NotPlain):
        read_plain(io.BytesIO(HOSTILE[kind]), encoding=encoding)


# --- where it stands ---


def cifar(folder: Path, batch: Any) -> dict[str, Any]:
    """A data set of CIFAR-10 with this content of every file."""
    base = folder / CIFAR10.base_folder
    base.mkdir()
    meta = dict(label_names=["a", "b"])
    for name, content in {
        **dict.fromkeys(dict(CIFAR10.train_list), batch),
        "batches.meta": meta,
    }.items():
        (base / name).write_bytes(pickle.dumps(content, 2))
    return dict(type=UncheckedCIFAR10, data_root="", data_prefix=str(folder), split="train")


class UncheckedCIFAR10(CIFAR10):
    """Without the hashes of the files, which an attacker would not have to match on a mirror."""

    def _check_integrity(self) -> bool:
        return True


def test_cifar__batches_are_read(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 3072), np.uint8)
    config = cifar(tmp_path, dict(data=images, labels=[0, 1, 0], filenames=["a"] * 3))
    dataset = build_dataset(config, where="x")
    assert len(dataset) == 15
    expected = images[1].reshape(3, 32, 32).transpose(1, 2, 0)
    np.testing.assert_array_equal(dataset.get_data_info(4)["img"], expected)


def test_cifar__nothing_else_is(tmp_path: Path) -> None:
    config = cifar(tmp_path, Trap(tmp_path / "ran"))
    with pytest.raises(
        DataError, match="^tasks.a.train: a data file is not opened: .* with io.open"
    ):
        build_dataset(config, where="tasks.a.train")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("kind", ["annotations", "proposals"])
def test_openmmlab__annotations_and_proposals(tmp_path: Path, kind: str) -> None:
    listed = dict(metainfo={}, data_list=[dict(img_path="x", instances=[], height=1, width=1)])
    good = dict(annotations=listed, proposals={"x": dict(bboxes=ARRAY, scores=[1.0])})
    for name, content in good.items():
        (tmp_path / f"{name}.pkl").write_bytes(pickle.dumps(content))
    kinds: dict[str, Any] = dict(
        annotations=dict(type=BaseDataset), proposals=dict(type=BaseDetDataset)
    )
    config = dict(kinds[kind], ann_file=str(tmp_path / "annotations.pkl"), pipeline=[])
    if kind == "proposals":
        config["proposal_file"] = str(tmp_path / "proposals.pkl")
        config["data_prefix"] = dict(img_path="")
    assert len(build_dataset(dict(config), where="x")) == 1
    path = tmp_path / f"{kind}.pkl"
    path.write_bytes(pickle.dumps(Trap(tmp_path / "ran")))
    with pytest.raises(DataError, match="x: a data file is not opened: .* --unsafe-pickle"):
        build_dataset(dict(config), where="x")
    assert not (tmp_path / "ran").exists()


def test_unsafe_pickle__opens_that_file_and_warns(tmp_path: Path) -> None:
    path, other = tmp_path / "a.pkl", tmp_path / "b.pkl"
    path.write_bytes(pickle.dumps(Custom()))
    other.write_bytes(pickle.dumps([Custom()]))
    allow_unpickling([path])
    with tensors_only():
        with pytest.warns(UserWarning, match="is unpickled, which may run code"):
            assert isinstance(mmengine.load(path), Custom)
        with pytest.raises(NotPlainError, match="test_data_files.Custom"):
            mmengine.load(other)
    assert isinstance(mmengine.load(other)[0], Custom), "as it was elsewhere"


@pytest.mark.parametrize("transform", [LoadBiomedicalImageFromFile, LoadBiomedicalAnnotation])
def test_sample__that_a_pipeline_unpickles(tmp_path: Path, transform: type[Any]) -> None:
    volume = np.random.default_rng(0).random((4, 5, 6)).astype(np.float32)
    paths = [tmp_path / "good.pkl", tmp_path / "bad.pkl"]
    for path, content in zip(paths, (volume, Trap(tmp_path / "ran")), strict=True):
        path.write_bytes(pickle.dumps(content))
    load = transform(decode_backend="pickle")

    def sample(path: Path) -> dict[str, Any]:
        return load(dict(img_path=str(path), seg_map_path=str(path), seg_fields=[]))

    class Samples:
        def __getitem__(self, index: int) -> dict[str, Any]:
            return sample(paths[index])

        def __len__(self) -> int:
            return 2

    found = ResilientDataset(Samples(), task="a", seed=0)
    assert found[(0, 0)][REPLACED] == []
    with pytest.raises(DataError, match="a data file is not opened: .*--unsafe-pickle"):
        ResilientDataset(Samples(), task="a", seed=0, strict=True)[1]
    assert not (tmp_path / "ran").exists()


def as_npy(path: Path, content: Any) -> None:
    np.save(path, np.array([content], object))


def as_npz(path: Path, content: Any) -> None:
    np.savez(path, data=np.array([content], object))


def as_pickle(path: Path, content: Any) -> None:
    path.write_bytes(pickle.dumps(np.array([content], object)))


WAYS: dict[str, Callable[[Path, Any], None]] = dict(npy=as_npy, npz=as_npz, pkl=as_pickle)


@pytest.mark.parametrize("suffix", WAYS)
def test_arrays__of_objects(suffix: str, tmp_path: Path) -> None:
    def load(path: Path) -> Any:
        found = np.load(path, allow_pickle=True)
        return found["data"] if suffix == "npz" else found  # archives are read late

    good, bad = tmp_path / f"good.{suffix}", tmp_path / f"bad.{suffix}"
    WAYS[suffix](good, dict(train=[ARRAY]))
    WAYS[suffix](bad, Custom())
    with tensors_only():
        assert np.array_equal(load(good)[0]["train"][0], ARRAY)
        with pytest.raises(NotPlainError, match="test_data_files.Custom.*--unsafe-pickle"):
            load(bad)
        allow_unpickling([bad])
        with pytest.warns(UserWarning, match="is unpickled"):
            assert isinstance(load(bad)[0], Custom)
    np.save(tmp_path / "plain.npy", ARRAY)
    with tensors_only():
        assert np.array_equal(np.load(str(tmp_path / "plain.npy"), None, True), ARRAY)


def test_arrays__of_the_name_of_an_archives_member(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    as_npz(tmp_path / "bad.npz", Custom())
    as_npy(tmp_path / "data.npy", [Custom()])  # whose content, too, is another
    allow_unpickling(["data.npy"])
    with tensors_only(), pytest.raises(NotPlainError):
        np.load("bad.npz", allow_pickle=True)["data"]


YAML = "data_list: !!python/object/apply:os.system ['touch {}']\nmetainfo: {{}}\n"


@pytest.mark.parametrize("suffix", ["yaml", "yml"])
def test_yaml__makes_no_objects(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"annotations.{suffix}"
    path.write_text(YAML.format(tmp_path / "ran"))
    config = dict(type=BaseDataset, ann_file=str(path), data_prefix=dict(img_path=""))
    with pytest.raises(DataError, match="could not determine a constructor"):
        build_dataset(config, where="x")
    with pytest.raises(ConfigError, match="could not determine a constructor"):
        read_config_file(str(path))
    assert not (tmp_path / "ran").exists()
    path.write_text("a: [1, 2.5, text]\n")
    assert Config.fromfile(path).a == [1, 2.5, "text"]


def test_own_messages__are_as_they_were() -> None:
    """Samples in memory and results between processes are no files from outside."""
    dataset = BaseDataset(serialize_data=True, lazy_init=True)
    dataset.data_list = [dict(made=Custom())]
    dataset.data_bytes, dataset.data_address = dataset._serialize_data()
    dataset._fully_initialized = True
    with tensors_only():
        assert isinstance(dataset.get_data_info(0)["made"], Custom)
        assert isinstance(pickle.loads(pickle.dumps(Custom())), Custom)
    guarded = sys.modules["argus.safe_load.data_files"]
    for module in guarded._OF_ITS_OWN:
        assert "pickle.load" in Path(__import__(module, fromlist=["_"]).__file__).read_text()
