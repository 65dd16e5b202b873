"""Configs as plain values, and back."""

import json
from pathlib import Path

import pytest
from mmengine.config import Config
from mmseg.models import EncoderDecoder

from argus.config_values import from_json, from_plain, to_json, to_plain
from argus.errors import CheckpointError, ConfigError
from argus.models.backbones import trained_backbone

ROOT = Path(__file__).parents[1]


def test_round_trip__through_json_keeps_types_and_classes() -> None:
    config = dict(type=EncoderDecoder, size=(32, 64), scales=[(1, 2), [3.5]], f=trained_backbone)
    config["none"] = dict(a=None, b=True, c="class", d={})
    text = json.dumps(to_json(to_plain(config)))
    assert from_plain(from_json(json.loads(text))) == config


@pytest.mark.parametrize("path", ["stage1_5task.py", "scenes/stage1_5task.py"])
def test_round_trip__of_real_configs(path: str) -> None:
    config = Config.fromfile(ROOT / "configs" / path)
    for key in ("backbone", "tasks"):
        plain = to_plain(config[key])
        assert to_plain(from_plain(from_json(to_json(plain)))) == plain
        assert isinstance(from_plain(plain), dict)


def test_to_plain__names_what_cannot_be_stored() -> None:
    with pytest.raises(ConfigError, match=r"config.a\[1\].b: a \w+Path cannot be stored"):
        to_plain(dict(a=[0, dict(b=Path("x"))]))


@pytest.mark.parametrize("prefix", ["", "class:"])
@pytest.mark.parametrize(
    "path", ["os.system", "subprocess.Popen", "builtins.eval", "os.path.join", "x.y.z"]
)
def test_from_plain__imports_from_trusted_packages_alone(path: str, prefix: str) -> None:
    with pytest.raises(CheckpointError, match="none of the packages.*--trust"):
        from_plain(dict(type=prefix + path))


@pytest.mark.parametrize("prefix", ["", "class:"])
@pytest.mark.parametrize(
    "path",
    [
        "argus.config_values.importlib.import_module",
        "argus.config_values.Mapping",
        "mmengine.fileio.io.dump",
    ],
)
def test_from_plain__does_not_reach_through_trusted_packages(path: str, prefix: str) -> None:
    with pytest.raises(CheckpointError):
        from_plain(dict(type=prefix + path))


def test_from_plain__names_of_registries_stay_names() -> None:
    config = dict(type="mmseg.EncoderDecoder", decode_head=dict(type="FCNHead"))
    assert from_plain(config) == config


def test_from_plain__trusts_what_it_is_told() -> None:
    assert from_plain("class:json.dumps", trusted=["json"]) is json.dumps


def test_from_plain__says_what_is_not_there() -> None:
    with pytest.raises(CheckpointError, match="not installed here"):
        from_plain("class:argus.models.Unknown")
