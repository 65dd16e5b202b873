"""The habits of the published code, each by its switch: what it changes, against a computation."""

from typing import Any

import numpy as np
import pytest
import torch
from mmdet.datasets.transforms import FilterAnnotations
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from torch import Tensor, nn

from argus.errors import ConfigError
from argus.models.decoders.mask_dino.query_selection import box_proposals
from tests.test_configs import CONFIGS

from .test_decoder import Updates, make
from .toy import batch, build, perturb, targets_of


def encoded(model: nn.Module) -> Any:
    return model._encode(model.extract_feat(batch([1])[0]), [(64, 64)], (64, 64))


def test_defaults__are_those_of_the_published_code() -> None:
    model = build()
    assert model.canvas == "padded" and model.criterion.padding_is_background
    head = model.head
    assert (head.norm_twice, head.box_epsilon, head.smallest_guess) == (True, 1e-5, "fine")
    assert head.decoder.reference_from == "query" and model.pixel_encoder.position_code == "end"
    full = Config.fromfile(CONFIGS / "stage1_5task.py").tasks.instance.decoder
    assert full.canvas == model.canvas and full.criterion.padding_is_background
    for name in ("norm_twice", "box_epsilon", "smallest_guess"):
        assert full.head[name] == getattr(head, name)


@pytest.mark.parametrize("twice", [True, False])
def test_norm__is_applied_again_before_class_and_mask_heads(twice: bool) -> None:
    model = build(head=dict(norm_twice=twice)).eval()
    perturb(model)
    seen: list[Tensor] = []
    norm = model.head.decoder.norm
    model.head.decoder.layers[-1].register_forward_hook(lambda *args: seen.append(args[2]))
    with torch.no_grad():
        output = model.head(encoded(model))
        (query,) = seen
        state = norm(norm(query)) if twice else norm(query)
        torch.testing.assert_close(output.decoded.class_logits[-1], model.head.class_head(state))
        torch.testing.assert_close(output.decoded.mask_embeds[-1], model.head.mask_head(state))


@pytest.mark.parametrize("source", ["query", "normed"])
def test_reference__of_the_next_layer_moves_by_what_is_read_from(source: str) -> None:
    decoder, features = make(num_layers=2)
    decoder.reference_from = source
    with torch.no_grad():
        decoder.norm.weight.mul_(2).add_(torch.randn(8))
    queries: list[Tensor] = []
    for layer in decoder.layers:
        layer.register_forward_hook(lambda *args: queries.append(args[2]))
    head = nn.Linear(8, 4)
    start = torch.randn(2, 5, 4)
    _, boxes = decoder(torch.randn(2, 5, 8), start, features, None, head)
    first = head(decoder.norm(queries[0]))
    torch.testing.assert_close(boxes[1], (start + first).sigmoid())
    step = head(queries[0]) if source == "query" else first
    torch.testing.assert_close(boxes[2], (start + step + head(decoder.norm(queries[1]))).sigmoid())
    assert not torch.allclose(head(queries[0]), first, atol=0.1)


@pytest.mark.parametrize("epsilon", [1e-5, 1e-3])
def test_boxes__at_the_border_start_at_the_logit_of_epsilon(epsilon: float) -> None:
    model = build(head=dict(box_epsilon=epsilon))
    _, samples = batch([1])
    samples[0].gt_instances.bboxes = torch.tensor([[0.0, 0.0, 64.0, 64.0]])  # all of the picture
    starts: list[Tensor] = []
    model.head.decoder.register_forward_pre_hook(lambda _, args: starts.append(args[1]))
    model.head.box_noise = 0.0
    model.head(encoded(model), targets_of(samples))
    (start,) = starts
    expected = np.log((1 - epsilon) / epsilon)
    assert start[0, 0, 2:].tolist() == pytest.approx([expected] * 2, rel=1e-3)


@pytest.mark.parametrize("order", ["fine", "coarse"])
def test_proposals__double_from_the_level_that_is_named(order: str) -> None:
    points = torch.full((1, 3, 2), 0.5)
    logits, _ = box_proposals(points, [(1, 1)] * 3, 0.05, smallest=order)
    sizes = [0.05, 0.1, 0.2] if order == "fine" else [0.2, 0.1, 0.05]
    assert logits.sigmoid()[0, :, 2].tolist() == pytest.approx(sizes)


def published_code(height: int, width: int, channels: int) -> np.ndarray:
    """Position code of a map: cells are counted from 1 and divided by their number."""
    half = channels // 2
    waves = 10000 ** (2 * (np.arange(half) // 2) / half)

    def axis(count: int) -> np.ndarray:
        angle = 2 * np.pi * np.arange(1, count + 1)[:, None] / count / waves
        return np.where(np.arange(half) % 2, np.cos(angle), np.sin(angle))

    rows, columns = axis(height), axis(width)
    code = np.zeros((height, width, channels))
    code[..., :half], code[..., half:] = rows[:, None], columns[None]
    return code.reshape(-1, channels)


def test_position_code__counts_cells_from_one() -> None:
    model = build(encoder=dict(num_layers=1))
    seen: list[Tensor] = []
    model.pixel_encoder.layers[0].register_forward_pre_hook(lambda _, args: seen.append(args[1]))
    with torch.no_grad():
        model.pixel_encoder.level_embed.zero_()
        encoded(model)
    expected = np.concatenate([published_code(side, side, 16) for side in (8, 4, 2)])
    np.testing.assert_allclose(seen[0][0].numpy(), expected, atol=1e-5)


def test_canvas__of_training_is_the_padded_batch() -> None:
    images, samples = batch([2, 1], sizes=[(40, 32), (64, 64)])
    truth = samples[0].gt_instances.bboxes
    seen: dict[str, Any] = {}
    for canvas in ("padded", "image"):
        model = build(head=dict(num_denoising=0))
        model.canvas = canvas
        criterion = model.criterion
        own = criterion.forward
        criterion.forward = lambda output, targets, own=own, key=canvas: (
            seen.update({key: targets}) or own(output, targets)
        )
        model.loss(images, samples)
    for canvas, (height, width) in (("padded", (64, 64)), ("image", (40, 32))):
        boxes = seen[canvas].boxes[0, :, 2:]
        expected = (truth[:, 2:] - truth[:, :2]) / torch.tensor([width, height])
        torch.testing.assert_close(boxes, expected)


def test_canvas__of_a_prediction_is_the_picture_padded_alone() -> None:
    """Boxes are right on the picture, and no batch-mate changes them."""
    model = build().eval()
    perturb(model)
    images, samples = batch([2, 3], sizes=[(40, 30), (96, 64)])
    with torch.no_grad():
        both = model.predict(images, samples)[0].pred_instances
        small = images[:1, :, :64, :32]
        samples[0].set_metainfo(dict(batch_input_shape=(64, 32)))
        assert model._test_canvases(samples[:1], (64, 32)) == [(64, 32)]
        features = model.extract_feat(images)
        assert model._test_canvases(samples[:1], (96, 64)) == [(64, 32)]
        model.predict(small, samples[:1])
        output = model.head(model._encode(features, [(64, 32), (96, 64)], (96, 64)))
    best = both.scores.argmax()
    centre, size = output.decoded.boxes[-1, 0].split(2, -1)
    corners = torch.cat([centre - size / 2, centre + size / 2], -1) * torch.tensor([32, 64, 32, 64])
    corners = torch.minimum(corners.clamp(min=0), torch.tensor([30, 40, 30, 40]).float())
    assert (corners - both.bboxes[best]).abs().sum(-1).min() < 1e-3


def test_crop__without_objects_is_kept() -> None:
    steps = Config.fromfile(CONFIGS / "stage1_5task.py").tasks.instance.train.dataset.pipeline
    step = next(s for s in steps if s["type"] is FilterAnnotations)
    keep = FilterAnnotations(**{key: value for key, value in step.items() if key != "type"})
    sample = dict(
        gt_bboxes=np.zeros((1, 4), np.float32),
        gt_bboxes_labels=np.zeros(1, np.int64),
        gt_ignore_flags=np.zeros(1, bool),
        gt_masks=BitmapMasks(np.zeros((1, 8, 8), np.uint8), 8, 8),
    )
    found = keep(sample)
    assert found is not None and len(found["gt_bboxes"]) == 0


def test_switches__unknown_values_are_errors() -> None:
    for part, name in (("head", "reference_from"), ("head", "smallest_guess")):
        with pytest.raises(ConfigError, match=f"{name} must be .*found 'x'"):
            build(**{part: {name: "x"}})
    with pytest.raises(ConfigError, match="position_code must be 'end' or 'centre'"):
        build(encoder=dict(position_code="x"))


def test_boxes__accumulate_what_both_readings_say() -> None:
    decoder, features = make(num_layers=2)
    assert decoder.reference_from == "normed"
    decoder.reference_from = "query"
    start = torch.randn(2, 5, 4)
    _, boxes = decoder(torch.randn(2, 5, 8), start, features, None, Updates(4))
    # Readings 0.1 (box), 0.2 (reference), 0.3 (box): the box's own does not move the reference.
    torch.testing.assert_close(boxes[1], (start + 0.1).sigmoid())
    torch.testing.assert_close(boxes[2], (start + 0.2 + 0.3).sigmoid())
