"""Configs as plain values, and back."""

import json
from pathlib import Path

import pytest
from mmseg.models import EncoderDecoder

from argus.errors import ConfigError
from argus.models.backbones import trained_backbone
from argus.storage.config_values import from_json, to_json, to_plain


def test_json__keeps_types_and_names_of_classes() -> None:
    config = dict(type=EncoderDecoder, size=(32, 64), scales=[(1, 2), [3.5]], f=trained_backbone)
    config["none"] = dict(a=None, b=True, c="class", d={})
    plain = to_plain(config)
    assert plain["type"] == "class:mmseg.models.segmentors.encoder_decoder.EncoderDecoder"
    assert plain["f"] == "class:argus.models.backbones.trained.trained_backbone"
    assert from_json(json.loads(json.dumps(to_json(plain)))) == plain


def test_to_plain__names_what_cannot_be_stored() -> None:
    with pytest.raises(ConfigError, match=r"config.a\[1\].b: a \w+Path cannot be stored"):
        to_plain(dict(a=[0, dict(b=Path("x"))]))
