"""Features beside what the parts of the model give one by one; the cache; the whole tool."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from argus.analysis.loaded_model import LoadedModel, load_model
from argus.analysis.transfer import vit_file
from argus.analysis.transfer.extract import extract, prepare
from argus.analysis.transfer.features import argus_source, plain_source, vit_of
from argus.analysis.transfer.measure import Protocol, held_out, measure
from argus.analysis.transfer.report import transfer_table
from argus.analysis.transfer.vit_file import read_vit
from argus.datasets.transfer import Part, read_image_set
from argus.errors import CheckpointError, ConfigError
from argus.layers.resize import resize
from argus.model_config import resolve_config
from argus.models.backbones.dinov2 import DinoVisionTransformer
from argus.models.backbones.siglip import SiglipVisionTransformer
from argus.models.backbones.vit import Architecture
from tests.in_process import InProcess
from tests.tiny_model import tiny_model

GRID = 4


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    folder = tiny_model("classification", "semantic")
    model = load_model(resolve_config(folder.config), folder)
    with torch.no_grad():  # an adapter that has learned something changes the ViT's tokens
        for interaction in model.model.backbone.interactions:
            interaction.injector.gamma.fill_(0.5)
    return model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of three colours, noisy, of several sizes."""
    root = tmp_path_factory.mktemp("colours")
    rng = np.random.default_rng(0)
    for part, count in (("train", 6), ("test", 3)):
        for label, colour in dict(red=0, green=1, blue=2).items():
            for number in range(count):
                pixels = rng.integers(0, 120, (40 + 4 * number, 50, 3))
                pixels[..., colour] += 120
                path = root / part / label / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels.astype(np.uint8)).save(path)
    return root


def pictures(count: int, side: int) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return list(rng.integers(0, 256, (count, side, side, 3), dtype=np.uint8))


def test_argus__features_are_those_of_its_parts(loaded: LoadedModel) -> None:
    source = argus_source(loaded, {}, name="tiny")
    images = pictures(2, 16 * GRID)
    found = source(images)
    inputs = source.normalise(images, divisor=32, device=loaded.device)
    with torch.no_grad():
        maps = loaded.model.features(inputs)
        decoder = loaded.model.decoders["classification"]
        pooled = decoder.neck(tuple(maps))[0]
        vit = loaded.model.backbone.vit
        tokens: list[torch.Tensor] = []
        with vit.norm.register_forward_pre_hook(lambda _, given: tokens.append(given[0])):
            loaded.model.backbone(inputs)
    assert set(found) == {"pooled", "class_token", "map16", "all_maps"}
    torch.testing.assert_close(found["pooled"], pooled)
    torch.testing.assert_close(found["map16"], maps[2].flatten(2).mean(2))
    expected = torch.cat([level.flatten(2).mean(2) for level in maps], 1)
    torch.testing.assert_close(found["all_maps"], expected)
    # The ViT alone has another class token: it does not see the adapter.
    with torch.no_grad():
        small = resize(inputs, (14 * GRID, 14 * GRID), mode=loaded.model.backbone.resize_mode)
        alone = vit(small)
    assert not torch.allclose(found["class_token"], alone, atol=1e-3)
    with torch.no_grad():
        for interaction in loaded.model.backbone.interactions:
            gamma = interaction.injector.gamma
            interaction.injector.gamma = nn.Parameter(torch.zeros_like(gamma))
            interaction.injector.learned = gamma
    torch.testing.assert_close(source(images)["class_token"], alone, atol=1e-4, rtol=1e-4)
    for interaction in loaded.model.backbone.interactions:
        interaction.injector.gamma = interaction.injector.learned


@pytest.fixture
def vit(loaded: LoadedModel) -> DinoVisionTransformer:
    """The ViT of the model, by itself."""
    return copy.deepcopy(loaded.model.backbone.vit)


def test_vit_of__is_the_frozen_one_alone(loaded: LoadedModel) -> None:
    backbone = loaded.model.backbone
    assert not backbone.freeze_vit and vit_of(loaded) is None  # trained, so no released ViT
    backbone.freeze_vit = True
    found = vit_of(loaded)
    backbone.freeze_vit = False
    assert found is not None and found is not backbone.vit
    for name, value in backbone.vit.state_dict().items():
        assert torch.equal(found.state_dict()[name], value)


def test_plain__features_are_the_tokens(vit: DinoVisionTransformer) -> None:
    source = plain_source(vit, name="vit", device=torch.device("cpu"), precision="fp32")
    images = pictures(2, 14 * GRID)
    found = source(images)
    pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float()
    mean = torch.tensor([123.675, 116.28, 103.53]).view(1, 3, 1, 1)
    deviation = torch.tensor([58.395, 57.12, 57.375]).view(1, 3, 1, 1)
    with torch.no_grad():
        tokens = vit.norm(vit.run_blocks(vit.prepare_tokens((pixels - mean) / deviation)))
    torch.testing.assert_close(found["class_token"], tokens[:, 0])
    patches = tokens[:, vit.num_prefix_tokens :]
    assert patches.shape[1] == GRID**2
    torch.testing.assert_close(found["patches"], patches.mean(1))
    both = torch.cat([tokens[:, 0], patches.mean(1)], 1)
    torch.testing.assert_close(found["class_and_patches"], both)


def test_plain__without_class_token_and_with_pixels_of_its_own() -> None:
    arch = dict(embed_dim=12, depth=2, num_heads=2)
    vit = SiglipVisionTransformer(arch, weights="random", img_size=32)
    source = plain_source(vit, name="siglip", device=torch.device("cpu"), precision="fp32")
    images = pictures(2, 16 * GRID)
    pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float()
    with torch.no_grad():
        expected = vit(pixels / 127.5 - 1).mean(1)
    found = source(images)
    assert list(found) == ["patches"] and source.patch_px == 16
    torch.testing.assert_close(found["patches"], expected)


def test_prepare__shorter_side_and_middle() -> None:
    image = np.zeros((70, 120, 3), np.uint8)
    image[:, 50:70] = 255  # the middle stays in the middle
    found = prepare(image, 56)
    assert found.shape == (56, 56, 3)
    columns = found[..., 0].mean(0)
    np.testing.assert_allclose(columns, columns[::-1], atol=2)
    # 70 px become 64, of which 56 are seen: 20 px become 18.
    assert columns.sum() / 255 == pytest.approx(20 * 64 / 70, abs=0.2)
    assert prepare(np.zeros((5, 3, 3), np.uint8), 28).shape == (28, 28, 3)


def test_extract__is_read_from_the_cache_until_a_picture_changes(
    vit: DinoVisionTransformer, folder: Path, tmp_path: Path
) -> None:
    images = read_image_set(folder)
    source = plain_source(vit, name="vit", device=torch.device("cpu"), precision="fp32")
    counts: list[int] = []
    passes: list[int] = []
    vit.norm.register_forward_hook(lambda _, given, out: passes.append(len(out)))
    arguments = dict(grid=GRID, cache=tmp_path, batch_size=4, on_pictures=counts.append)
    names = images.test.names
    first = extract(source, images.root, names, **arguments)
    assert sum(counts) == sum(passes) == len(names)
    again = extract(source, images.root, names, **arguments)
    assert sum(passes) == len(names) and sum(counts) == 2 * len(names)
    assert all(torch.equal(first[kind], again[kind]) for kind in first)
    assert all(len(value) == len(names) for value in first.values())
    path = images.path(names[0])
    content = path.read_bytes()
    Image.fromarray(np.zeros((40, 50, 3), np.uint8)).save(path)
    changed = extract(source, images.root, names, **arguments)
    path.write_bytes(content)
    assert sum(passes) == 2 * len(names)
    assert not torch.equal(first["patches"][0], changed["patches"][0])
    torch.testing.assert_close(first["patches"][1:], changed["patches"][1:])


def test_held_out__is_a_share_of_each_class() -> None:
    labels = np.repeat([0, 1, 2], [10, 5, 1])
    part = Part(names=tuple(map(str, range(16))), labels=labels)
    kept, held = held_out(part, 0.2, np.random.default_rng(0))
    assert np.bincount(held.labels, minlength=3).tolist() == [2, 1, 0]
    assert sorted(kept.names + held.names) == sorted(part.names)
    assert all(
        labels[int(name)] == label for name, label in zip(held.names, held.labels, strict=True)
    )


def test_measure__colours_are_told_apart(vit: DinoVisionTransformer, folder: Path) -> None:
    source = plain_source(vit, name="vit", device=torch.device("cpu"), precision="fp32")
    protocol = Protocol(grid=GRID, numbers=(5, 20), penalties=(1e-2, 1.0, 1e2), max_steps=50)
    rows = list(measure(source, read_image_set(folder), protocol))
    assert [row.features for row in rows] == ["class_token", "patches", "class_and_patches"]
    for row in rows:
        assert (row.num_train, row.num_chosen_by, row.num_test) == (18, 3, 9)
        assert list(row.neighbours) == [5]  # there are no 20
    assert rows[1].linear > 0.8 and rows[1].neighbours[5] > 0.8
    table = transfer_table(rows)
    assert table.splitlines()[0] == f"| model | features | {folder.name}, 5-NN | {folder.name}, linear |"  # fmt: skip # noqa: E501
    assert len(table.splitlines()) == 5


def test_measure__a_grid_that_does_not_fit_the_model(loaded: LoadedModel, folder: Path) -> None:
    source = argus_source(loaded, {}, name="tiny")
    with pytest.raises(ConfigError, match="multiples of 32 px, 3 patches are 48"):
        next(measure(source, read_image_set(folder), Protocol(grid=3)))


def test_read_vit__sizes_are_those_of_the_tensors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arch = Architecture(embed_dim=12, depth=2, num_heads=2, name="vitx")
    monkeypatch.setitem(vit_file.ARCHITECTURES, "tiny", arch)
    for registers in (0, 4):
        vit = DinoVisionTransformer("tiny", weights="random", num_registers=registers, img_size=56)
        torch.save(vit.state_dict(), tmp_path / "vit.pth")
        found = read_vit(tmp_path / "vit.pth")
        assert found.num_registers == registers
        images = torch.randn(1, 3, 28, 42)
        assert torch.equal(found(images), vit(images))
    monkeypatch.delitem(vit_file.ARCHITECTURES, "tiny")
    with pytest.raises(CheckpointError, match="width 12 and 2 blocks; those of DINOv2"):
        read_vit(tmp_path / "vit.pth")


def test_tool__model_and_a_vit_in_one_table(
    loaded: LoadedModel,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tiny_model("classification").write(tmp_path / "model")
    vit = loaded.model.backbone.vit
    monkeypatch.setitem(vit_file.ARCHITECTURES, "tiny", vit.arch)
    torch.save(vit.state_dict(), tmp_path / "vit.pth")
    shell = InProcess(monkeypatch, tmp_path)
    words = ["tools/analysis/transfer.py", "model", str(folder), "--grid", str(GRID)]
    words += ["--beside", "vit.pth", "--max-steps", "2"]
    assert shell.call([*words, "--num-workers", "0", "--features", "map16", "patches"]) == 0
    printed = capsys.readouterr().out
    assert "| model | `map16` |" in printed and "| vit | `patches` |" in printed
    record = json.loads((tmp_path / "transfer.json").read_text())
    assert "fits had not converged after 2 steps" in printed
    assert record["format"] == "argus-transfer-1" and len(record["rows"]) == 2
    assert all(0 <= row["linear"] <= 1 for row in record["rows"])
    assert (tmp_path / "work_dirs/transfer/features").is_dir()
    assert shell.call([*words, "--features", "nothing"]) != 0
    assert "no model has nothing" in capsys.readouterr().err
