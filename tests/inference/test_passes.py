"""Which tasks share a backbone pass, on toys of a few layers."""

import copy
from typing import Any

import numpy as np
import pytest
import torch

from argus.api import Argus
from argus.inference.normaliser import Normaliser
from argus.models.multitask import MultitaskModel
from argus.models.repeated_passes import needs_images, single_pass
from argus.storage.model_folder import ModelFolder
from tests.toy import classification_decoder, semantic_decoder

IMAGE = np.random.default_rng(0).integers(0, 256, (48, 70, 3), np.uint8)
RGB = dict(bgr_to_rgb=True)


def toy_model(compile: bool = False, **decoders: dict[str, Any]) -> Argus:
    """A model of toys, the same weights in every call."""
    config = dict(
        backbone=dict(type="ToyBackbone"),
        tasks={name: dict(decoder=decoder) for name, decoder in decoders.items()},
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = MultitaskModel(copy.deepcopy(config["backbone"]), copy.deepcopy(decoders))
    folder = ModelFolder(config=config, state=model.state_dict(), manifest=dict(tasks={}))
    return Argus(folder, device="cpu", compile=compile)


def semantic(**preprocessor: Any) -> dict[str, Any]:
    decoder = semantic_decoder()
    decoder["data_preprocessor"] |= preprocessor
    return decoder


def backbone_inputs(model: Argus) -> list[torch.Tensor]:
    seen: list[torch.Tensor] = []
    model.model.backbone.register_forward_hook(lambda m, args, output: seen.append(args[0]))
    return seen


def test_pass__is_shared_if_the_input_is_equal() -> None:
    # mmpretrain and mmseg write the channel order in different words.
    classification = classification_decoder()
    classification["data_preprocessor"]["to_rgb"] = True
    model = toy_model(a=semantic(**RGB), b=semantic(**RGB), c=classification)
    seen = backbone_inputs(model)
    assert model.predict(IMAGE).tasks == ("a", "b", "c")
    assert [tuple(one.shape) for one in seen] == [(1, 3, 64, 96)]


@pytest.mark.parametrize(
    "other",
    [
        dict(bgr_to_rgb=False),
        dict(bgr_to_rgb=True, mean=[0.0] * 3),
        dict(bgr_to_rgb=True, std=[60.0] * 3),
        dict(bgr_to_rgb=True, pad_val=1.0),
    ],
)
def test_pass__is_not_shared_if_the_input_differs(other: dict[str, Any]) -> None:
    model = toy_model(a=semantic(**RGB), b=semantic(**other))
    seen = backbone_inputs(model)
    together = model.predict(IMAGE)
    assert len(seen) == 2 and not torch.equal(*seen)
    for task in "ab":
        assert (model.predict(IMAGE, task)[task].labels == together[task].labels).all()


@pytest.mark.parametrize("is_rgb", [True, False])
def test_normaliser__gives_what_the_librarys_preprocessor_gives(is_rgb: bool) -> None:
    own = dict(mean=[120.0, 110.0, 100.0], std=[50.0, 60.0, 70.0])
    classification = classification_decoder()
    classification["data_preprocessor"] |= dict(own, to_rgb=is_rgb, pad_size_divisor=32)
    segmentation = semantic(**own, bgr_to_rgb=is_rgb, test_cfg=dict(size_divisor=32))
    model = toy_model(a=segmentation, b=classification)
    bgr = torch.from_numpy(IMAGE[..., ::-1].copy()).permute(2, 0, 1)
    from mmseg.structures import SegDataSample

    for task in "ab":
        preprocessor = model.model.decoder(task).data_preprocessor
        normaliser = Normaliser.of(preprocessor)
        assert normaliser.is_rgb is is_rgb
        found = normaliser([IMAGE], divisor=32, device=torch.device("cpu"))
        batch = dict(inputs=[bgr], data_samples=[SegDataSample()] if task == "a" else None)
        expected = preprocessor(batch, False)["inputs"]
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def test_normaliser__without_mean_passes_values_on() -> None:
    found = Normaliser((), (), True, 7.0)([IMAGE], divisor=32, device=torch.device("cpu"))
    np.testing.assert_array_equal(found[0, :, :48, :70].permute(1, 2, 0), IMAGE)
    assert (found[0, :, 48:] == 7).all() and (found[0, :, :, 70:] == 7).all()


def test_single_pass__leaves_the_decoder_as_it_is() -> None:
    decoder = semantic()
    decoder["test_cfg"] = dict(mode="slide", crop_size=(32, 32), stride=(16, 16))
    own = toy_model(a=decoder).model.decoder("a")
    variant = single_pass(own)
    assert needs_images(own) and not needs_images(variant)
    assert own.test_cfg["mode"] == "slide" and variant.test_cfg["mode"] == "whole"
    own_parts, variant_parts = list(own.modules())[1:], list(variant.modules())[1:]
    assert all(one is other for one, other in zip(own_parts, variant_parts, strict=True))
    assert single_pass(variant) is variant


def test_compile__gives_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    plain = torch.nn.Module.compile

    def quick(module: torch.nn.Module) -> None:
        compiled.append(type(module).__name__)
        plain(module, backend="eager")  # traces, without minutes of C++

    monkeypatch.setattr(torch.nn.Module, "compile", quick)
    model = toy_model(compile=True, a=semantic())
    assert compiled == ["ToyBackbone"]
    expected = toy_model(a=semantic())
    for image in (IMAGE, IMAGE[:20, :30]):
        assert (model.predict(image)["a"].labels == expected.predict(image)["a"].labels).all()
    assert set(model.model.state_dict()) == set(expected.model.state_dict())
