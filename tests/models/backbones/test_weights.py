"""Weight files: what loads, and what each bad file says."""

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from argus.errors import CheckpointError
from argus.models.backbones import DinoVisionTransformer
from argus.models.backbones.weight_layouts import from_official
from argus.models.backbones.weights import official_url, read_weight_file
from tests.models.backbones.toys import TOY_ARCH, shake, toy_vit


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def load(path, **overrides) -> DinoVisionTransformer:
    return DinoVisionTransformer(TOY_ARCH, weights=str(path), **overrides)


def test_missing_file__message_names_file_path_source_and_remedies(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = "data/weights/dinov2_vitb14_reg4_pretrain.pth"
    monkeypatch.setattr(torch.nn.Linear, "reset_parameters", lambda self: None)
    with pytest.raises(CheckpointError) as caught:
        DinoVisionTransformer("base", weights=path)
    message = str(caught.value)
    for part in (
        str(tmp_path / path),
        "official file dinov2_vitb14_reg4_pretrain.pth",
        "dl.fbaipublicfiles.com/dinov2/dinov2_vitb14/dinov2_vitb14_reg4_pretrain.pth",
        "tools/checkpoints/convert.py",
        'weights="random"',
    ):
        assert part in message


def test_missing_file__no_official_name_for_a_toy(tmp_path):
    with pytest.raises(
        CheckpointError, match="There is no released file for dinov2_vit48x4_14_reg4"
    ):
        load(tmp_path / "none.pth")


def test_official_url__without_registers():
    root = "https://dl.fbaipublicfiles.com/dinov2"
    assert official_url("dinov2_vits14") == f"{root}/dinov2_vits14/dinov2_vits14_pretrain.pth"


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("layout", ["official", "timm", "hf"])
def test_load__every_layout_gives_the_same_features(layout, suffix, tmp_path):
    source = shake(toy_vit())
    path = tmp_path / f"weights{suffix}"
    state = from_official(source.state_dict(), layout).state
    (save_file if suffix == ".safetensors" else torch.save)(
        {name: tensor.contiguous() for name, tensor in state.items()}, path
    )
    images = torch.randn(1, 3, 28, 42)
    with torch.no_grad():
        found, expected = load(path).forward_features(images), source.forward_features(images)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=0)


@pytest.mark.parametrize("wrapper", ["model", "state_dict"])
def test_load__wrapped_and_old_format(wrapper, tmp_path):
    source = shake(toy_vit()).state_dict()
    path = tmp_path / "wrapped.pth"
    torch.save({wrapper: source}, path, _use_new_zipfile_serialization=False)
    assert torch.equal(load(path).state_dict()["norm.weight"], source["norm.weight"])


def test_load__safetensors_under_another_name(tmp_path):
    path = tmp_path / "weights.pth"
    source = shake(toy_vit()).state_dict()
    save_file(source, path)
    assert torch.equal(load(path).state_dict()["norm.weight"], source["norm.weight"])


def test_truncated__both_formats(tmp_path):
    for suffix, save in ((".pth", torch.save), (".safetensors", save_file)):
        path = tmp_path / f"cut{suffix}"
        save(toy_vit().state_dict(), path)
        path.write_bytes(path.read_bytes()[:-3000])
        with pytest.raises(CheckpointError, match="damaged.* bytes. Download it again") as caught:
            load(path)
        assert str(path) in str(caught.value)


def test_html_page__saved_as_weights(tmp_path):
    path = tmp_path / "dinov2.pth"
    path.write_text("\n<!DOCTYPE html><html><body>403</body></html>")
    with pytest.raises(CheckpointError, match="HTML or XML page"):
        load(path)


def test_empty_and_noise__are_named(tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(b"")
    with pytest.raises(CheckpointError, match="is empty"):
        load(path)
    path.write_bytes(bytes(range(1, 256)) * 40)
    with pytest.raises(CheckpointError, match="is no file of tensors"):
        load(path)


def test_pickle__is_never_run(tmp_path):
    for name, write in (
        ("zip.pth", lambda path, content: torch.save(content, path)),
        ("raw.pth", lambda path, content: path.write_bytes(pickle.dumps(content))),
    ):
        victim = tmp_path / f"{name}.ran"
        path = tmp_path / name
        write(path, {"cls_token": Trap(victim)})
        with pytest.raises(CheckpointError, match="is not opened: .*path.*--unsafe-pickle"):
            load(path)
        assert not victim.exists()


def test_other_content__is_named(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save([torch.zeros(1)], path)
    with pytest.raises(CheckpointError, match="found list"):
        load(path)
    torch.save({"epoch": 3, "cls_token": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match="other objects under epoch"):
        load(path)
    torch.save({"layer1.0.conv1.weight": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match="layer1.0.conv1.weight") as caught:
        load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "part"),
    [
        (dict(arch=TOY_ARCH | dict(embed_dim=96)), "parameters of another shape"),
        (dict(arch=TOY_ARCH | dict(depth=5)), "14 unused parameters: blocks.4"),
        (dict(arch=TOY_ARCH | dict(depth=3)), "14 missing parameters: blocks.3"),
        (dict(num_registers=0), "missing parameter: register_tokens"),
        (dict(img_size=224), r"pos_embed expected \(1, 1370, 48\), found \(1, 257, 48\)"),
        (dict(arch=TOY_ARCH | dict(ffn="swiglu")), "mlp.w12"),
    ],
    ids=["width", "deeper", "shallower", "registers", "table", "ffn"],
)
def test_other_architecture__differences_are_listed(overrides, part, tmp_path):
    path = tmp_path / "other.pth"
    torch.save(toy_vit(**overrides).state_dict(), path)
    with pytest.raises(CheckpointError, match=part) as caught:
        load(path)
    assert "does not fit dinov2_vit48x4_14_reg4" in str(caught.value)


def test_read__extra_tensor_is_an_error(tmp_path):
    path = tmp_path / "extra.pth"
    torch.save(toy_vit().state_dict() | {"head.weight": torch.zeros(2, 2)}, path)
    assert "head.weight" in read_weight_file(path)
    with pytest.raises(CheckpointError, match="1 unused parameter: head.weight"):
        load(path)
