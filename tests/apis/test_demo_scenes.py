"""The demo uses the scenes that are there only if they are its own."""

import json
from pathlib import Path

import pytest

from argus.apis.scenes_demo import BARS, SCENES, ScenesDemo
from argus.errors import ConfigError

LAYOUTS = ["coco", "ade20k", "imagenet"]


def demo_with(folder: Path, **settings: object) -> ScenesDemo:
    content = {**SCENES, "layouts": LAYOUTS, **settings}
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
    trained = {name: bar + 0.05 for name, bar in BARS.items()}
    assert demo.report(trained, dict.fromkeys(BARS, 0.0))
    assert not demo.report(trained, dict(trained))
