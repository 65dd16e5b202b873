"""Relative depth on pictures whose red is their inverse depth."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from argus.errors import ConfigError, DataError
from argus.mtv.api import MTV
from argus.mtv.encoders.encoder import load_encoder
from argus.mtv.evaluation.depth.listed_depth import listed_pairs, read_depth
from argus.mtv.evaluation.relative_depth import EVALUATION, RelativeDepthOptions, run
from argus.mtv.evaluation.results import entry, table
from argus.mtv.saving import save_vision
from tests.mtv.evaluation.pixels import Pixels
from tests.mtv.tiny import tiny_mtv
from tests.real_data.samples import SAMPLES, needs_samples

SIZES = dict(nyu=(480, 640), kitti=(375, 1242))


class Red(Pixels):
    """Gives the inverse depth that a picture was painted with, of a scale and shift of its own."""

    def _depth(self, picture: Image.Image) -> np.ndarray:
        red = np.asarray(picture)[..., 0]
        return np.asarray(-3.0 * red + 7.0, dtype=np.float32)


def write_pictures(root: Path, name: str, *, outside: float | None = None) -> None:
    """Two pictures with depth, and for KITTI a line without; another depth outside of the boxes."""
    folder, scale = (("nyuv2_depth", 1000), ("kitti", 256))[name == "kitti"]
    parts = ("", "") if name == "nyu" else ("input", "gt_depth")
    height, width = SIZES[name]
    lines = []
    for number in range(2):
        generator = np.random.default_rng(number)
        small = generator.integers(40, 256, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
        pixels = np.kron(small, np.ones((8, 8, 1), np.uint8))[:height, :width]
        depth = (1 if name == "nyu" else 8) / (0.02 + pixels[..., 0] / 255)
        if outside is not None:
            box = np.zeros((height, width), bool)
            box[150 : 340 if name == "kitti" else 460, 70 : 1160 if name == "kitti" else 600] = True
            depth = np.where(box, depth, outside)
        for part, content, kind in (
            (parts[0], pixels, "rgb"),
            (parts[1], np.round(depth * scale).astype(np.uint16), "depth"),
        ):
            path = root / folder / part / f"drive/{kind}_{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(content).save(path)
        lines.append(f"drive/rgb_{number}.png /drive/depth_{number}.png 518.8579")
    lines.append("drive/rgb_9.png None 518.8579")
    list_name = "nyu_test.txt" if name == "nyu" else "kitti_eigen_test.txt"
    (root / folder / list_name).write_text("\n".join(lines))


def test_run__scale_and_shift_do_not_matter_but_the_mode(tmp_path):
    write_pictures(tmp_path, "nyu")
    write_pictures(tmp_path, "kitti")
    for mode in ("disparity", "depth_from_disparity"):
        found = run(Red(), tmp_path, RelativeDepthOptions(mode=mode))
        assert found.keys() == EVALUATION.metrics.keys()
        for name in ("nyu", "kitti"):
            assert found[f"{name}_abs_rel"] < 0.1  # of the rounding to millimetres and to 1 / 256 m
            assert found[f"{name}_delta1"] == 100 and found[f"{name}_skipped"] == 0
    direct = run(Red(), tmp_path, RelativeDepthOptions(mode="depth"))
    assert direct["nyu_abs_rel"] > 5 and direct["kitti_abs_rel"] > 5


def test_run__only_the_boxes_are_measured(tmp_path):
    write_pictures(tmp_path, "kitti", outside=5.0)
    near = run(Red(), tmp_path, RelativeDepthOptions(sets=("kitti",)))
    whole = run(Red(), tmp_path, RelativeDepthOptions(sets=("kitti",), kitti_mask="none"))
    assert near["kitti_abs_rel"] > 0.1  # a part of the box has the other depth
    assert whole["kitti_abs_rel"] > 1.5 * near["kitti_abs_rel"]
    assert math.isnan(near["nyu_abs_rel"])
    write_pictures(tmp_path, "kitti", outside=100.0)  # farther than counts
    found = run(Red(), tmp_path, RelativeDepthOptions(sets=("kitti",), kitti_mask="garg"))
    assert found["kitti_abs_rel"] < 0.1


def test_run__pictures_without_depth_are_counted(tmp_path):
    write_pictures(tmp_path, "nyu")
    empty = Image.fromarray(np.zeros(SIZES["nyu"], np.uint16))
    empty.save(tmp_path / "nyuv2_depth/drive/depth_0.png")
    options = RelativeDepthOptions(sets=("nyu",))
    assert run(Red(), tmp_path, options)["nyu_skipped"] == 1
    with pytest.raises(DataError, match="nyu_test.txt: no picture has depth between"):
        run(Red(), tmp_path, RelativeDepthOptions(sets=("nyu",), limit=1))


def test_listed_pairs__no_path_leads_elsewhere(tmp_path):
    for line, message in (
        ("../a.png b.png", "'../a.png' is no path of a file below"),
        ("a.png ../../b.png", "'../../b.png' is no path of a file below"),
        ("a.png", "line 1 with text: 'a.png': expected"),
        ("a.png None", "none of its 1 image has a depth"),
    ):
        (tmp_path / "list.txt").write_text(line)
        with pytest.raises(DataError, match=message):
            listed_pairs(tmp_path, "list.txt", images="input")
    (tmp_path / "list.txt").write_text("/a.png b.png 1")
    assert listed_pairs(tmp_path, "list.txt", images="input", depths="gt") == [
        (tmp_path / "input/a.png", tmp_path / "gt/b.png")
    ]


def test_options__what_is_wrong_is_said():
    for options, message in (
        (RelativeDepthOptions(mode="log"), "mode: expected one of disparity"),
        (RelativeDepthOptions(sets=("eth3d",)), "sets: expected some of nyu, kitti"),
        (RelativeDepthOptions(kitti_mask="all"), "kitti_mask: expected one of"),
        (RelativeDepthOptions(limit=0), "a limit of at least 1"),
    ):
        with pytest.raises(ConfigError, match=message):
            options.check()


def test_table__says_the_mode_whatever_it_is():
    entries = [
        entry(Red(), "x", EVALUATION, Path("data"), options, dict(nyu_abs_rel=6.5), seconds=1.0)
        for options in (RelativeDepthOptions(), RelativeDepthOptions(mode="disparity"))
    ]
    text = table(entries, [EVALUATION])
    assert "(mode=depth_from_disparity): NYUv2 AbsRel" in text and "(mode=disparity): NYU" in text


def test_depth__of_mtv_is_that_of_its_head(folder, tmp_path):
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 31, 3), np.uint8))
    found = load_encoder(str(folder), device="cpu").depth(picture)
    assert found.shape == (20, 31)
    np.testing.assert_array_equal(
        found, MTV.from_pretrained(folder, device="cpu").depth([picture])[0]
    )
    save_vision(tiny_mtv("vl"), tmp_path)
    with pytest.raises(ConfigError, match="has no depth head, which this evaluation needs"):
        load_encoder(str(tmp_path), device="cpu").depth(picture)


def test_depth__of_a_model_of_transformers(tmp_path):
    from transformers import (
        DepthAnythingConfig,
        DepthAnythingForDepthEstimation,
        Dinov2Config,
        DPTImageProcessor,
    )

    backbone = Dinov2Config(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        image_size=42,
        patch_size=14,
        out_indices=[1, 2, 3, 4],
        apply_layernorm=True,
        reshape_hidden_states=False,
    )
    config = DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=16,
        neck_hidden_sizes=[4, 4, 8, 8],
        fusion_hidden_size=8,
        head_hidden_size=4,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = DepthAnythingForDepthEstimation(config).eval()
    model.save_pretrained(tmp_path)
    processor = DPTImageProcessor(
        size=dict(height=42, width=42), keep_aspect_ratio=True, ensure_multiple_of=14
    )
    processor.save_pretrained(tmp_path)
    values = np.random.default_rng(0).integers(0, 256, (40, 61, 3), np.uint8)
    encoder = load_encoder(str(tmp_path), device="cpu")
    found = encoder.depth(Image.fromarray(values))
    with torch.no_grad():
        pixels = processor(images=values, return_tensors="pt")["pixel_values"]
        small = model(pixel_values=pixels).predicted_depth
    assert pixels.shape[-2:] == (42, 70) and small.shape == (1, 42, 70)
    expected = F.interpolate(small[:, None], (40, 61), mode="bicubic", align_corners=False)[0, 0]
    torch.testing.assert_close(torch.from_numpy(found), expected)
    assert "DPTImageProcessor" in str(encoder.preparation)
    assert "keep_aspect_ratio True" in str(encoder.preparation)
    with pytest.raises(ConfigError, match="goes with relative_depth alone"):
        encoder.prepare([Image.fromarray(values)])
    model.config.depth_estimation_type = "metric"
    model.save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="expected a model of relative depth"):
        load_encoder(str(tmp_path), device="cpu")


@needs_samples
def test_read_depth__real_pictures_of_nyuv2():
    depth = read_depth(SAMPLES / "nyuv2/depth/sync_00050.png", scale=1000.0)
    assert depth.shape == (480, 640) and 0.3 < depth[depth > 0].min() < depth.max() < 10
    with pytest.raises(DataError, match=r"0046\.png: "):
        read_depth(SAMPLES / "nyuv2/image/0046.png", scale=1000.0)
