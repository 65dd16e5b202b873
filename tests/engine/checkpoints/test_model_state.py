"""Checkpoint files: the hash, the atomic write, and reading without running code."""

from pathlib import Path

import pytest
import torch

from argus.engine.checkpoints.model_state import base_of, load_trained_state, trained_state
from argus.errors import CheckpointError
from argus.models.multitask import MultitaskModel
from argus.storage.checkpoint import FORMAT, read_checkpoint, tensor_hash, write_checkpoint
from tests.toy import ToyBackbone, classification_decoder, semantic_decoder


def tensors() -> dict[str, torch.Tensor]:
    return dict(a=torch.arange(6.0).reshape(2, 3), b=torch.tensor(True), c=torch.tensor([1, 2]))


def make_model(*tasks: str, **backbone) -> MultitaskModel:
    decoders = dict(semantic=semantic_decoder(), classification=classification_decoder())
    return MultitaskModel(ToyBackbone(**backbone), {name: decoders[name] for name in tasks})


def checkpoint_of(model: MultitaskModel) -> dict:
    return dict(base=base_of(model), state_dict=trained_state(model))


def test_hash__independent_of_order_and_layout() -> None:
    reverse = dict(reversed(tensors().items()))
    reverse["a"] = reverse["a"].t().contiguous().t()
    assert not reverse["a"].is_contiguous()
    assert tensor_hash(reverse) == tensor_hash(tensors())


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t | dict(a=t["a"] + torch.eye(2, 3) * 1e-6),
        lambda t: t | dict(a=t["a"].reshape(3, 2)),
        lambda t: t | dict(c=t["c"].int()),
        lambda t: t | dict(b=torch.tensor(False)),
        lambda t: {("z" if name == "c" else name): value for name, value in t.items()},
        lambda t: t | dict(a=-t["a"]),  # differs by the sign of zero as well
        lambda t: t | dict(d=torch.zeros(0)),
    ],
    ids=["value", "shape", "type", "bool", "name", "sign", "more"],
)
def test_hash__sensitive_to(change) -> None:
    assert tensor_hash(change(tensors())) != tensor_hash(tensors())


def test_hash__bfloat16_is_hashed_by_its_bits() -> None:
    value = torch.tensor([1.0, 2.0], dtype=torch.bfloat16)
    assert tensor_hash(dict(a=value)) == tensor_hash(dict(a=value.clone()))
    assert tensor_hash(dict(a=value)) != tensor_hash(dict(a=value.half()))


def test_write__round_trip_is_bit_equal(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.pth"
    write_checkpoint(path, dict(state_dict=tensors(), meta=dict(iter=3)))
    found = read_checkpoint(path)
    assert found["format"] == FORMAT and found["meta"] == dict(iter=3)
    assert all(torch.equal(found["state_dict"][n], v) for n, v in tensors().items())
    assert [p.name for p in path.parent.iterdir()] == ["a.pth"]


def test_write__that_fails_leaves_the_previous_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.pth"
    write_checkpoint(path, dict(value=1))

    def full(obj: object, file: Path) -> None:
        Path(file).write_bytes(b"half of it")
        # torch's own words for a disk without room
        raise RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(
        CheckpointError, match=r"a.pth cannot be written: .* 64 vs 0, with .* MiB free"
    ):
        write_checkpoint(path, dict(value=2))
    monkeypatch.undo()
    assert read_checkpoint(path)["value"] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["a.pth"], "no part of a file is left"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_write__full_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def to_full_device(obj: object, file: Path, save=torch.save) -> None:
        save(obj, "/dev/full")

    monkeypatch.setattr(torch, "save", to_full_device)
    with pytest.raises(CheckpointError, match="cannot be written"):
        write_checkpoint(tmp_path / "a.pth", dict(value=torch.zeros(2**20)))


def test_read__other_files_are_refused(tmp_path: Path) -> None:
    torch.save(dict(model=tensors()), tmp_path / "dino.pth")
    with pytest.raises(CheckpointError, match="not an Argus checkpoint.*tools/checkpoints/convert"):
        read_checkpoint(tmp_path / "dino.pth")
    torch.save([1], tmp_path / "list.pth")
    with pytest.raises(CheckpointError, match="not an Argus checkpoint"):
        read_checkpoint(tmp_path / "list.pth")
    (tmp_path / "empty.pth").touch()
    with pytest.raises(CheckpointError, match="empty.pth"):
        read_checkpoint(tmp_path / "empty.pth")


def test_load__names_what_does_not_fit() -> None:
    model = make_model("semantic", "classification")
    checkpoint = checkpoint_of(model)
    state = checkpoint["state_dict"]
    state["backbone.extra"] = state.pop("backbone.stages.0.weight")
    with pytest.raises(CheckpointError) as caught:
        load_trained_state(model, checkpoint, path="x.pth")
    assert "missing (1): backbone.stages.0.weight" in str(caught.value)
    assert "left over (1): backbone.extra" in str(caught.value)


def test_load__new_and_surplus_tasks() -> None:
    both, one = make_model("semantic", "classification"), make_model("classification")
    notes = load_trained_state(one, checkpoint_of(both), path="x.pth")
    assert len(notes) == 1 and "semantic" in notes[0]
    with pytest.raises(CheckpointError, match="missing"):
        load_trained_state(both, checkpoint_of(one), path="x.pth")
    notes = load_trained_state(both, checkpoint_of(one), path="x.pth", allow_new_tasks=True)
    assert "semantic: they start from scratch" in notes[0]
    name = "backbone.stages.1.weight"
    assert torch.equal(both.state_dict()[name], one.state_dict()[name])


def test_load__averaged_weights_have_to_be_there() -> None:
    model = make_model("classification")
    with pytest.raises(CheckpointError, match="no averaged weights"):
        load_trained_state(model, checkpoint_of(model), path="x.pth", weights="ema")


@pytest.mark.parametrize(("file_seed", "model_seed"), [(None, 0), (0, None)])
def test_load__frozen_on_one_side_only(file_seed: int | None, model_seed: int | None) -> None:
    checkpoint = checkpoint_of(make_model("classification", frozen_seed=file_seed))
    model = make_model("classification", frozen_seed=model_seed)
    frozen, trained = ("model", "file") if file_seed is None else ("file", "model")
    with pytest.raises(
        CheckpointError, match=f"the {frozen} has a frozen base .*the {trained} has"
    ):
        load_trained_state(model, checkpoint, path="x.pth")
