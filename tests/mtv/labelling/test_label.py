"""The tool, from a config to the side-cars that a training reads."""

import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config
from mmengine.utils import get_object_from_string

from argus.errors import ConfigError
from argus.mtv.data.shard_pairs import ShardPairs
from argus.mtv.labelling.owlv2 import Owlv2Boxes
from argus.mtv.labelling.run import KEYS, read_labelling
from tests.in_process import ROOT
from tests.mtv.labelling import toy
from tools.mtv import label

CONFIG = ROOT / "configs/mtv/labels/captions.py"


def options(teachers: dict[str, str]) -> list[str]:
    """The config at toy size."""
    return [
        f"labellers.0.model={teachers['depth']}",
        *("labellers.0.short_side=28", "labellers.0.batch_size=3", "labellers.0.stored_side=14"),
        f"labellers.1.boxes.model={teachers['boxes']}",
        *("labellers.1.boxes.min_score=0.4", "threads=2"),
    ]


def run(patch: pytest.MonkeyPatch, *words: object) -> int:
    patch.setattr(sys, "argv", ["label.py", *map(str, words)])
    return label.main()


def test_tool__labels_shards_for_training(
    tmp_path: Path,
    teachers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    toy.shards(tmp_path / "images", number=9, per_shard=4)
    out = tmp_path / "labels"
    words = (CONFIG, tmp_path / "images", "--out", out, "--cfg-options", *options(teachers))
    assert run(monkeypatch, *words) == 0
    told = capsys.readouterr().out
    assert f"depth: {teachers['depth']} (sha256:" in told and "licence unknown" in told
    assert "00000.tar: 4 samples in" in told and "3 shards of 3 with side-cars" in told
    pairs = ShardPairs(str(tmp_path / "images"), regions=str(out), depth=str(out))
    boxes = 0
    for index in range(9):
        sample = pairs.load(index)
        boxes += len(sample["regions"])
        assert set(sample["regions"].names) <= {"ball"}
        values, valid = sample["disparity"]
        assert max(values.shape) <= 14 and valid.all()
    assert boxes > 9
    record = json.loads((out / "00001.tar.done").read_text())
    assert record["counts"]["regions_tags"] == 4 and record["samples"] == 4
    assert {labeller["name"] for labeller in record["labellers"]} == {"depth", "regions"}
    assert record["labellers"][1]["settings"]["tagger"]["name"] == "caption_phrases"
    before = {path.name: path.stat().st_mtime_ns for path in out.glob("0*")}
    assert run(monkeypatch, *words) == 0 and run(monkeypatch, *words[:4], "--verify") == 0
    assert before == {path.name: path.stat().st_mtime_ns for path in out.glob("0*")}
    (out / "00001.tar").write_bytes(b"x" * record["bytes"])
    assert run(monkeypatch, *words[:4], "--verify") == 1
    assert "00001.tar is not what was written" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, *words, "labellers.1.batch_size=2")
    assert "labels of two kinds would be mixed" in capsys.readouterr().err


def test_configs__state_every_key_of_their_parts() -> None:
    """So that what the paper leaves open is seen and marked."""
    for path in sorted(CONFIG.parent.glob("*.py")):
        found = Config.fromfile(path).to_dict()
        assert set(found) == set(KEYS), path
        parts = [part for labeller in found["labellers"] for part in _parts(labeller)]
        for kind, keys in parts:
            kind = get_object_from_string(kind) if isinstance(kind, str) else kind
            known = set(inspect.signature(kind).parameters)
            missing = known - set(keys) - {"model", "threshold", "network"}
            assert set(keys) <= known and not missing, (path, kind, missing)


def _parts(config: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    yield config["type"], {key: value for key, value in config.items() if key != "type"}
    if "boxes" in config:
        yield Owlv2Boxes, config["boxes"]
        yield from _parts(config["tagger"])


def test_config__that_is_none_is_refused(tmp_path: Path, teachers: dict[str, str]) -> None:
    config = tmp_path / "config.py"
    for text, message in (
        ("labellers = []", "expected a list"),
        ("labellers = [dict(type='CaptionPhrases')]", r"labellers\[0\].type: expected one of"),
        ("steps = 3", "expected the keys labellers"),
        ("labellers = [dict(type='RegionLabeller', tagger=dict(type='X'), boxes={})]", "tagger"),
        ("labellers = [dict(type='DepthLabeller', modle='x')]", "modle"),
        ("labellers = []\nthreads = 0", "threads >= 1"),
    ):
        config.write_text(text)
        with pytest.raises(ConfigError, match=message):
            read_labelling(str(config))
    depth = f"dict(type='DepthLabeller', model={teachers['depth']!r}, short_side=28)"
    config.write_text(f"labellers = [{depth}, {depth}]")
    with pytest.raises(ConfigError, match="two of a kind"):
        read_labelling(str(config))
