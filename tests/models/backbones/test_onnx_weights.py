"""Weights out of ONNX files: of our exports, of other exporters, and of hostile ones."""

import warnings
from pathlib import Path

import onnx
import pytest
import torch
from onnx import TensorProto, external_data_helper, helper, numpy_helper

from argus.errors import CheckpointError
from argus.models.backbones import DinoVisionTransformer, onnx_graph, onnx_weights
from argus.models.backbones.onnx_weights import onnx_to_official
from argus.models.backbones.weight_layouts import from_official
from argus.models.backbones.weights import read_weight_file
from tests.models.backbones.toys import TOY_ARCH, shake, toy_vit
from tools.checkpoints import convert


def exported_graph(state: dict[str, torch.Tensor], prefix: str = "backbone.") -> onnx.ModelProto:
    """Parameters in the layout of Hugging Face as the exporter of TorchScript leaves them.

    Linear weights are transposed and nameless, the table of positions is in two, equal biases are
    stored once; a head stands beside the ViT.
    """
    nodes, stored = [], []

    def store(name: str, tensor: torch.Tensor) -> str:
        stored.append(numpy_helper.from_array(tensor.contiguous().numpy(), name))
        return name

    same: dict[str, str] = {}
    for name, tensor in state.items():
        full = prefix + name
        if name.endswith("position_embeddings"):
            nodes.append(
                helper.make_node("Concat", [store("onnx::Concat_1", tensor[:, :1])], ["c"])
            )
            nodes.append(helper.make_node("Reshape", [store("onnx::Reshape_2", tensor[:, 1:])], []))
        elif name.endswith(".weight") and tensor.ndim == 2:
            weight, bias = store(f"onnx::MatMul_{len(stored)}", tensor.T), f"{full[:-6]}bias"
            nodes.append(helper.make_node("MatMul", ["x", weight], [f"{full}/y"]))
            nodes.append(helper.make_node("Add", [bias, f"{full}/y"], [f"{full}/z"]))
        elif (key := str(tensor.tolist())) in same:
            nodes.insert(0, helper.make_node("Identity", [same[key]], [full]))
        elif not name.endswith("mask_token"):
            same[key] = store(full, tensor)
    store("decoder.norm.weight", torch.ones(7))
    stored.append(numpy_helper.from_array(torch.tensor([1, 2]).numpy(), "onnx::Shape_3"))
    return helper.make_model(helper.make_graph(nodes, "g", [], [], stored))


@pytest.fixture
def official() -> dict[str, torch.Tensor]:
    state = dict(shake(toy_vit(img_size=42)).state_dict())
    state["mask_token"] = torch.zeros_like(state["mask_token"])
    state["blocks.1.norm1.bias"] = state["blocks.0.norm1.bias"]
    return state


@pytest.fixture
def path(official: dict[str, torch.Tensor], tmp_path: Path) -> Path:
    path = tmp_path / "hf.onnx"
    onnx.save(exported_graph(from_official(official, "hf").state), path)
    return path


def test_convert__gives_back_every_bit(
    official: dict[str, torch.Tensor], path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = path.with_suffix(".safetensors")
    with pytest.raises(CheckpointError, match="unused: /decoder.norm.weight"):
        convert.main([str(path), str(target), "--to", "official"])
    for layout in convert.LAYOUTS:
        command = [str(path), str(target), "--to", layout, "--allow-unused"]
        convert.main(command)
        expected = from_official(official, layout).state
        found = read_weight_file(target)
        assert set(found) == set(expected)
        assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert "hf layout" in (said := capsys.readouterr().out)
    assert "3 x 3 patches, img_size=42, patch_size=14" in said
    assert "written as zeros: mask_token" in said


@pytest.mark.parametrize("num_registers", [0, 4])
def test_convert__an_export_of_our_own_has_the_same_outputs(
    num_registers: int, tmp_path: Path
) -> None:
    settings = dict(img_size=28, num_registers=num_registers)  # as many patches as registers
    source = shake(toy_vit(**settings)).eval()
    images, path, target = torch.randn(1, 3, 28, 28), tmp_path / "v.onnx", tmp_path / "v.pth"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter that is fast
        torch.onnx.export(source, (images,), path, dynamo=False, opset_version=17)
    convert.main([str(path), str(target), "--to", "official"])
    again = DinoVisionTransformer(TOY_ARCH, weights=str(target), **settings).eval()
    with torch.no_grad():
        torch.testing.assert_close(again(images), source(images), atol=1e-5, rtol=0)


def test_registers_without_a_name__are_not_taken_for_patches(
    official: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    """As torch.export leaves them: every token is a constant, and sizes do not tell them apart."""
    path, size = tmp_path / "folded.onnx", official["pos_embed"].shape[1] - 1
    patches, tokens = official["pos_embed"][:, 1:], torch.randn(1, size, 48)
    state = {n: t for n, t in official.items() if "token" not in n and n != "pos_embed"}
    graph = exported_graph(state, prefix="").graph
    for name, tensor in (
        *(("expand", official["cls_token"]), ("expand_1", tokens), ("slice_1", patches)),
    ):
        graph.initializer.append(numpy_helper.from_array(tensor.numpy(), name))
    graph.node.append(helper.make_node("Add", ["transpose", "slice_1"], ["add_1"]))
    onnx.save(helper.make_model(graph), path)
    layout, found = onnx_to_official(path)
    assert layout == "official"
    assert torch.equal(found.state["register_tokens"], tokens)
    assert torch.equal(found.state["pos_embed"][:, 1:], patches)
    assert torch.equal(found.state["cls_token"], official["cls_token"])
    assert not found.missing
    del graph.node[-1]
    onnx.save(helper.make_model(graph), path)
    with pytest.raises(CheckpointError, match=r"\(1, N, 48\), found 1 and 2 tensors"):
        onnx_to_official(path)


def store_outside(path: Path, **changes: str) -> None:
    """Keep the bytes of the first tensor in outside.data; ``changes`` to what is said of it."""
    model = onnx.load(path)
    tensor = next(t for t in model.graph.initializer if len(t.dims) == 4)
    outside = path.parent / "outside.data"
    outside.write_bytes(b"12345678" + tensor.raw_data)
    length = len(tensor.raw_data)
    external_data_helper.set_external_data(tensor, outside.name, offset=8, length=length)
    for entry in tensor.external_data:
        entry.value = changes.get(entry.key, entry.value)
    tensor.ClearField("raw_data")
    path.write_bytes(model.SerializeToString())


def test_outside__in_the_folder_is_read(official: dict[str, torch.Tensor], path: Path) -> None:
    store_outside(path)
    state = onnx_to_official(path)[1].state
    assert torch.equal(state["patch_embed.proj.weight"], official["patch_embed.proj.weight"])


@pytest.mark.parametrize("location", ["/etc/passwd", "../secret", "link", "", "."])
def test_outside__elsewhere_is_not_read(location: str, path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    inside = path.rename(folder / path.name)
    (tmp_path / "secret").write_bytes(bytes(10**6))
    (folder / "link").symlink_to(tmp_path / "secret")
    store_outside(inside, location=location)
    with pytest.raises(CheckpointError, match="outside the file's folder, where nothing is read"):
        onnx_to_official(inside)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(location="none.data"), "is not beside it. Copy all"),
        (dict(offset="9"), "truncated or damaged: .* has 0 bytes"),
        (dict(offset="-8"), "bytes at '-8'"),
        (dict(length="4"), "has '4' bytes"),
    ],
)
def test_outside__damage_is_named(changes: dict[str, str], message: str, path: Path) -> None:
    store_outside(path, **changes)
    with pytest.raises(CheckpointError, match=message):
        onnx_to_official(path)


def with_tensor(path: Path, tensor: TensorProto) -> None:
    model = onnx.load(path)
    model.graph.initializer.append(tensor)
    onnx.save(model, path)


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (TensorProto(name="a", data_type=1, dims=[10**6, 10**6]), "claim more than 8,589,934,592"),
        (TensorProto(name="a", data_type=1, dims=[-1, 5]), "or have no size"),
        (TensorProto(name="a", data_type=1, dims=[3], raw_data=b"1234"), "a has 4 bytes, expected"),
        (TensorProto(name="a", data_type=1, dims=[10**6]), "a is not stored as torch.float32"),
    ],
)
def test_tensors__that_claim_what_they_do_not_hold(
    tensor: TensorProto, message: str, path: Path
) -> None:
    with_tensor(path, tensor)
    with pytest.raises(CheckpointError, match=message):
        onnx_to_official(path)


def test_files__that_are_something_else(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = path.with_name("other.onnx")
    for content, message in (
        (b"", "its graph holds no tensors"),
        (b"\x80\x02}q\x00.", "no ONNX file"),
        (path.read_bytes()[:-100], "truncated or damaged"),
    ):
        other.write_bytes(content)
        with pytest.raises(CheckpointError, match=message):
            onnx_to_official(other)
    with pytest.raises(CheckpointError, match="not found"):
        onnx_to_official(path.with_name("none.onnx"))
    onnx.save(helper.make_model(helper.make_graph([], "g", [], [], [_ones("conv.weight")])), other)
    with pytest.raises(CheckpointError, match="one DINOv2 .* found 0 .*conv.weight"):
        onnx_to_official(other)
    with pytest.raises(CheckpointError, match="is an ONNX file. Take the weights out of it first"):
        read_weight_file(path)
    with monkeypatch.context() as patch:
        patch.setattr(onnx_weights, "MOST_BYTES", 10_000)
        with pytest.raises(CheckpointError, match="claim more than 10,000 bytes"):
            onnx_to_official(path)
    monkeypatch.setattr(onnx_graph, "MOST_BYTES_OF_GRAPH", 100)
    with pytest.raises(CheckpointError, match="an ONNX file at most 100"):
        onnx_to_official(path)


def _ones(name: str) -> TensorProto:
    return numpy_helper.from_array(torch.ones(3, 3).numpy(), name)
