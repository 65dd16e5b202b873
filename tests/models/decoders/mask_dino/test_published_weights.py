"""Published checkpoints: every name has its place, levels move to theirs, nothing is left over."""

import pytest
import torch
from torch import nn

from argus.errors import CheckpointError
from argus.models.decoders.mask_dino import (
    MaskDINO,
    MaskDINOCriterion,
    MaskDINOHead,
    MaskDINOPixelEncoder,
)
from argus.models.decoders.mask_dino.published_weights import PublishedDecoder, from_published

from . import published

FOUR = ("res2", "res3", "res4", "res5")
HEAD = "sem_seg_head.predictor"
ENCODER = "sem_seg_head.pixel_decoder.transformer.encoder.layers"


def built(found: PublishedDecoder) -> MaskDINO:
    head = {key: value for key, value in found.head.items() if key != "num_classes"}
    return MaskDINO(
        backbone=dict(type=nn.Identity),
        pixel_encoder=dict(type=MaskDINOPixelEncoder, **found.pixel_encoder),
        head=dict(type=MaskDINOHead, **head),
        criterion=dict(type=MaskDINOCriterion),
        num_things_classes=found.head["num_classes"],
    )


@pytest.mark.parametrize(
    ("settings", "levels"),
    [
        (dict(order="high2low"), (1, 2, 3)),
        (dict(order="low2high", extra=1), (1, 2, 3)),
        (dict(order="low2high", names=FOUR, extra=1), (0, 1, 2, 3)),
        (dict(order="high2low", names=FOUR), (0, 1, 2, 3)),
    ],
)
def test_published__fills_a_model_of_the_sizes_that_are_found(settings, levels) -> None:
    source = published.state(**settings)
    found = from_published(source)
    model = built(found)
    model.load_state_dict(found.state, strict=True)
    assert found.pixel_encoder["levels"] == levels
    assert found.pixel_encoder["in_channels"] == (32, 48, 64, 96)
    assert found.head["smallest_guess"] == ("fine" if settings["order"] == "high2low" else "coarse")
    assert found.left_out == dict(backbone=1, criterion=1)
    # Weights that are here once and there several times count once.
    repeated = [n for n in source if ".bbox_embed." in n]
    repeated += [f"{HEAD}.decoder_norm.{leaf}" for leaf in ("weight", "bias")]
    assert len(found.state) == len(source) - 2 - len(repeated)
    given = sum(t.double().sum() for n, t in source.items() if n.startswith("sem_seg_head."))
    given -= sum(source[n].double().sum() for n in repeated)
    taken = sum(t.double().sum() for t in found.state.values())
    torch.testing.assert_close(taken, given)


# Of three levels and an extra one, fine to coarse: places in the published encoder, and decoder.
PLACES = {"high2low": ([3, 2, 1, 0], [0, 1, 2, 3]), "low2high": ([0, 1, 2, 3], [3, 2, 1, 0])}


@pytest.mark.parametrize("order", PLACES)
def test_published__what_belongs_to_a_level_moves_with_it(order: str) -> None:
    source = published.state(order=order, extra=1)
    encoder, decoder = PLACES[order]

    def mark(name: str, numbers: int) -> None:
        """Let each row tell head, level and number."""
        rows = torch.arange(8 * 4 * numbers, dtype=torch.float32)
        source[f"{name}.bias"] = rows

    for name in (f"{ENCODER}.1.self_attn", f"{HEAD}.decoder.layers.2.cross_attn"):
        mark(f"{name}.sampling_offsets", 8)
        mark(f"{name}.attention_weights", 4)
    found = from_published(source).state
    embed = source["sem_seg_head.pixel_decoder.transformer.level_embed"]
    for part, places, layer in (
        ("pixel_encoder.layers.1.attention", encoder, f"{ENCODER}.1.self_attn"),
        ("head.decoder.layers.2.cross_attention", decoder, f"{HEAD}.decoder.layers.2.cross_attn"),
    ):
        for leaf, numbers in (("sampling_offsets", 8), ("attention_weights", 4)):
            rows = found[f"{part}.{leaf}.bias"].view(8, 4, numbers)
            for level, place in enumerate(places):
                expected = source[f"{layer}.{leaf}.bias"].view(8, 4, numbers)[:, place]
                assert torch.equal(rows[:, level], expected)
    for level, place in enumerate(encoder):
        assert torch.equal(found["pixel_encoder.level_embed"][level], embed[place])
    # A map's own projection is told by its width.
    for level, width in enumerate((48, 64, 96)):
        weight = found[f"pixel_encoder.input_projections.{level}.0.weight"]
        assert weight.shape[1] == width


def test_published__without_inputs_fits_another_backbone() -> None:
    found = from_published(published.state(extra=1, order="low2high"))
    kept = found.without_inputs()
    found.pixel_encoder.update(in_channels=(7, 7, 7, 7))
    missing, unexpected = built(found).load_state_dict(kept, strict=False)
    assert not unexpected
    assert {name.split(".")[1] for name in missing} == {
        "input_projections",
        "extra_projections",
        "lateral",
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop(f"{HEAD}.label_enc.weight"), "1 missing: head.label_embed.weight"),
        (lambda s: s.pop(f"{HEAD}.class_embed.weight"), "predictor.class_embed.weight is missing"),
        (
            lambda s: s.update({f"{HEAD}.query_feat.weight": torch.zeros(3)}),
            "1 unused: predictor.query_feat.weight",
        ),
        (
            lambda s: s.update({f"{HEAD}.label_enc.weight": torch.zeros(4, 32)}),
            r"head.label_embed.weight \(4, 32\) instead of \(5, 32\)",
        ),
        (
            lambda s: s.update({f"{HEAD}.bbox_embed.1.layers.0.bias": torch.zeros(32)}),
            "bbox_embed.1.layers.0.bias differs",
        ),
        (lambda s: s.clear(), "pixel_decoder.transformer.level_embed is missing"),
    ],
)
def test_published__what_does_not_fit_is_an_error(change, message: str) -> None:
    source = published.state()
    change(source)
    with pytest.raises(CheckpointError, match=message):
        from_published(source, feature_order="high2low")


def test_published__order_of_equal_widths_has_to_be_named(monkeypatch) -> None:
    monkeypatch.setattr(published, "WIDTHS", dict.fromkeys(FOUR, 32))
    with pytest.raises(CheckpointError, match=r"do not tell the order.*FEATURE_ORDER"):
        from_published(published.state())
    found = from_published(published.state(), feature_order="low2high")
    assert found.head["smallest_guess"] == "coarse"
    with pytest.raises(CheckpointError, match="feature_order: expected one of"):
        from_published(published.state(), feature_order="high")
    with pytest.raises(CheckpointError, match="2 extra levels: expected at most one"):
        from_published(published.state(extra=2), feature_order="low2high")
