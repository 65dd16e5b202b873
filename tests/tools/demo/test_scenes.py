"""The demo uses the scenes that are there only if they are its own."""

import json
from pathlib import Path

import pytest

from argus.errors import ConfigError
from tools.demo.scenes import BARS, LAYOUTS, SCENES, Bar, ScenesDemo


def demo_with(folder: Path, **settings: object) -> ScenesDemo:
    content = {**SCENES, "layouts": list(LAYOUTS), **settings}
    (folder / "scenes.json").write_text(json.dumps(content))
    return ScenesDemo(folder, work_dir=folder, data_dir=folder)


def test_generate__uses_its_own_scenes(tmp_path: Path) -> None:
    demo = demo_with(tmp_path)
    demo.generate()
    assert not demo.seconds, "no step was run"


@pytest.mark.parametrize("settings", [dict(num_val=20), dict(layouts=["coco"])])
def test_generate__refuses_other_scenes(tmp_path: Path, settings: dict) -> None:
    with pytest.raises(ConfigError, match="are not the demo's"):
        demo_with(tmp_path, **settings).generate()


def test_report__has_to_be_above_the_untrained_model(tmp_path: Path) -> None:
    demo = demo_with(tmp_path)
    trained = {name: bar.value * (0.9 if bar.is_error else 1.05) for name, bar in BARS.items()}
    untrained = {name: 180.0 if bar.is_error else 0.0 for name, bar in BARS.items()}
    assert demo.report(trained, untrained)
    assert not demo.report(trained, dict(trained))


@pytest.mark.parametrize(
    ("trained", "untrained", "reached"),
    [(0.6, 0.0, True), (0.59, 0.0, False), (0.65, 0.6, False), (0.7, 0.6, True)],
)
def test_bar__of_a_share(trained: float, untrained: float, reached: bool) -> None:
    assert Bar(0.6).is_reached(trained, untrained) is reached


@pytest.mark.parametrize(
    ("trained", "untrained", "reached"),
    [(25.0, 50.0, True), (25.1, 50.0, False), (24.0, 30.0, False), (21.0, 30.0, True)],
)
def test_bar__of_an_error(trained: float, untrained: float, reached: bool) -> None:
    assert Bar(25.0, is_error=True).is_reached(trained, untrained) is reached
