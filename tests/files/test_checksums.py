"""A flipped bit is found and named, in a checkpoint and in the folder of a model."""

import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from argus.errors import CheckpointError
from argus.files.checksums import VALUES, check, checksums
from argus.storage.checkpoint import (
    OLD_FORMAT,
    read_checkpoint,
    verify_checkpoint,
    write_checkpoint,
)
from argus.storage.model_folder import WEIGHTS, ModelFolder
from tests.model_files.small_model import make_older, small_model

CONFIG = dict(backbone={}, tasks={})


def content() -> dict[str, Any]:
    generator = torch.Generator().manual_seed(0)
    return dict(
        state_dict={
            "backbone.w": torch.randn(4, 3, generator=generator),
            "decoders.a.b": torch.randn(5, generator=generator).bfloat16(),
        },
        training=dict(
            iter=4,
            groups=[dict(lr=1e-3, betas=(0.9, 0.999), names=["backbone.w"])],
            flags=[torch.tensor([True, False]), torch.tensor(3)],
        ),
    )


def equal(one: Any, two: Any) -> bool:
    """Whether nested values are the same, bit by bit."""
    if isinstance(one, torch.Tensor):
        return one.dtype == two.dtype and torch.equal(one, two)
    if isinstance(one, dict):
        return list(one) == list(two) and all(equal(one[key], two[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(map(equal, one, two))
    return one == two


def test_checksums__are_crc_32_of_kind_shape_and_bytes() -> None:
    values = torch.arange(6.0).reshape(2, 3)
    expected = zlib.crc32(b"torch.float32|(2, 3)|" + values.numpy().tobytes())
    assert checksums(dict(a=dict(b=values)))["a/b"] == expected
    assert checksums(dict(a=dict(b=values.t().contiguous().t())))["a/b"] == expected


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda c: c["state_dict"]["backbone.w"].view(torch.int32)[0].bitwise_xor_(1), "backbone"),
        (lambda c: c["training"]["flags"][0].logical_not_(), "training/flags/0"),
        (lambda c: c["training"]["flags"].pop(), "training/flags/1"),
        (lambda c: c["training"].update(iter=5), VALUES),
        (lambda c: c["training"]["groups"][0].update(lr=1e-3 + 1e-18), VALUES),
        (lambda c: c["training"]["groups"][0]["names"].append("x"), VALUES),
        (lambda c: c.update(new=torch.zeros(0)), "new"),
    ],
)
def test_check__names_what_is_not_as_it_was(change: Callable[[Any], Any], name: str) -> None:
    expected = checksums(content())
    check(content(), expected, path="a.pth")
    changed = content()
    change(changed)
    with pytest.raises(CheckpointError) as caught:
        check(changed, expected, path="a.pth")
    assert "a.pth is damaged: " in str(caught.value) and name in str(caught.value)


def test_check__long_lists_are_cut() -> None:
    state = {f"w{i}": torch.ones(1) for i in range(9)}
    expected = checksums(state)
    with pytest.raises(CheckpointError, match=r"w0, w1, w2 and 6 more not as written"):
        check({name: value * 2 for name, value in state.items()}, expected, path="a")


def flipped(path: Path, places: list[tuple[int, int]]) -> list[Path]:
    """Copies of a file, each with one bit (byte, bit) changed."""
    data = path.read_bytes()
    copies = []
    for byte, bit in places:
        copy = path.with_name(f"{byte}_{bit}_{path.name}")
        copy.write_bytes(data[:byte] + bytes([data[byte] ^ 1 << bit]) + data[byte + 1 :])
        copies.append(copy)
    return copies


def places(size: int, num: int) -> list[tuple[int, int]]:
    rng = np.random.default_rng(0)
    chosen = rng.choice(8 * size, num, replace=False)
    return [(int(place) // 8, int(place) % 8) for place in chosen]


def test_checkpoint__any_flipped_bit_is_found_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    write_checkpoint(path, content())
    whole = read_checkpoint(path)
    found = 0
    for copy in flipped(path, places(path.stat().st_size, 300)):
        try:
            assert equal(read_checkpoint(copy), whole)  # it hit what fills gaps, or a date
        except CheckpointError as error:
            assert str(copy) in str(error) and "\n" not in str(error)
            found += 1
    assert found > 100


def test_checkpoint__flipped_bit_in_a_tensor_names_it(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    write_checkpoint(path, content())
    raw = content()["state_dict"]["backbone.w"].numpy().tobytes()
    (copy,) = flipped(path, [(path.read_bytes().index(raw) + 5, 0)])
    with pytest.raises(CheckpointError, match="damaged: state_dict/backbone.w not as written"):
        read_checkpoint(copy)
    with pytest.raises(CheckpointError, match="damaged: state_dict/backbone.w not as written"):
        verify_checkpoint(copy)
    verify_checkpoint(path)


def test_checkpoint__of_the_first_format_is_checked_by_its_archive(tmp_path: Path) -> None:
    path = tmp_path / "old.pth"
    torch.save({"format": OLD_FORMAT, **content()}, path)
    assert equal(read_checkpoint(path)["state_dict"], content()["state_dict"])
    raw = content()["state_dict"]["backbone.w"].numpy().tobytes()
    (copy,) = flipped(path, [(path.read_bytes().index(raw) + 5, 0)])
    with pytest.raises(CheckpointError, match=r"is damaged: .*/data/0 not as written"):
        read_checkpoint(copy)


@pytest.mark.parametrize("damage", ["empty", "zeroed", "half"])
def test_checkpoint__not_whole(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.pth"
    write_checkpoint(path, content())
    data = path.read_bytes()
    path.write_bytes(dict(empty=b"", zeroed=bytes(len(data)), half=data[: len(data) // 2])[damage])
    with pytest.raises(CheckpointError, match="a.pth"):
        read_checkpoint(path)


def test_model_folder__any_flipped_bit_is_found_or_harmless(tmp_path: Path) -> None:
    state = content()["state_dict"]
    folder = tmp_path / "model"
    model = ModelFolder(config=CONFIG, state=state, manifest=small_model().manifest)
    model.write(folder)
    assert equal(ModelFolder.read(folder).state, dict(sorted(state.items())))
    path = folder / WEIGHTS
    raw = state["backbone.w"].numpy().tobytes()
    (named,) = flipped(path, [(path.read_bytes().index(raw) + 5, 0)])
    found = 0
    for copy in [*flipped(path, places(path.stat().st_size, 200)), named]:
        shutil.copy(copy, path)
        try:
            read = ModelFolder.read(folder).state
            assert all(torch.equal(read[name], value) for name, value in state.items())
        except CheckpointError as error:
            assert str(path) in str(error)
            found += 1
            if copy is named:
                assert "damaged: backbone.w not as written" in str(error)
    assert found > 150


def test_model_folder__without_checksums_is_one_of_before(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    state = content()["state_dict"]
    ModelFolder(config=CONFIG, state=state, manifest=small_model().manifest).write(folder)
    make_older(folder)
    assert torch.equal(ModelFolder.read(folder).state["backbone.w"], state["backbone.w"])


def test_model_folder__without_its_list_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="its list of checksums not as written"):
        check(content(), None, path=tmp_path)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(1).expand(2**50),
        torch.zeros(1).expand(2**14, 2**14),
        torch.ones(3, 3).to_sparse(),
        torch.zeros(3, device="meta"),
        torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
    ],
    ids=["huge", "large", "sparse", "meta", "quantized"],
)
def test_check__tensors_that_are_no_plain_arrays_are_refused(tensor: torch.Tensor) -> None:
    """A file of a few bytes must not take gigabytes to be looked at."""
    with pytest.raises(CheckpointError, match="a.pth: state_dict/w is no plain array"):
        check(dict(state_dict=dict(w=tensor)), {}, path="a.pth")


def test_checkpoint__with_an_expanded_buffer_is_read_back(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "a.pth", dict(state_dict=dict(w=torch.ones(1).expand(1000))))
    assert read_checkpoint(tmp_path / "a.pth")["state_dict"]["w"].sum() == 1000


def test_checkpoint__of_the_first_format_that_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save({"format": OLD_FORMAT}, path, _use_new_zipfile_serialization=False)
    with pytest.raises(CheckpointError, match="a.pth is no whole archive"):
        read_checkpoint(path)
