"""The steps of the demo on real pictures, the choice of its ViT, and how it is shortened."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from argus.engine.config_files.reading import read_config_file
from argus.errors import ConfigError
from tests.in_process import ROOT, InProcess
from tests.real_data.small import root_of, vit_s
from tools.demo.real import METRICS, PHOTOS, VIT_FILE, RealDemo, schedule, spread


class Steps(RealDemo):
    """Notes the commands and leaves what they would."""

    fails = ""

    def call(self, command: Sequence[str]) -> int:
        self.commands = [*getattr(self, "commands", []), list(command)]
        words = " ".join(command)
        if "dist_train.sh" in words:
            folder = self.work_dir / "stage1"
            folder.mkdir(parents=True)
            (folder / "last_checkpoint").write_text("iter_2.pth\n")
        elif "dist_test.sh" in words:
            metrics = dict.fromkeys(METRICS, 0.25)
            (self.work_dir / "results.json").write_text(json.dumps(metrics))
        elif "predict" in words:
            out, task = Path(command[-1]), command[command.index("--tasks") + 1]
            for photo in command[command.index("predict") + 1 : command.index("--model")]:
                (out / Path(photo).stem).mkdir(parents=True)
                Image.new("RGB", (40, 30)).save(out / Path(photo).stem / f"{task}.png")
        return int(bool(self.fails) and self.fails in words)


def demo_in(root: Path, **settings: object) -> Steps:
    for folder in PHOTOS.values():
        (root / "data" / folder).mkdir(parents=True)
        for number in range(9):
            (root / "data" / folder / f"{number}.png").touch()
    return Steps(root, work_dir=root / "work", data_dir=root / "data", **settings)


def test_run__vit_training_model_numbers_and_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = demo_in(tmp_path, steps=20)
    demo.run()
    names = ["vit", "stage1", "merge", "results", "predict_camvid", "predict_nuclei"]
    assert list(demo.seconds) == names
    _, train, merge, test, predict, _ = demo.commands
    assert f"backbone.vit.weights={VIT_FILE}" in train and "train_cfg.max_iters=20" in train
    assert "tasks.nuclei.val=None" in train
    assert str(tmp_path / "work/stage1/iter_2.pth") in merge
    assert str(tmp_path / "work/model") in test and "--save-metrics" in test
    photos = [str(tmp_path / "data/camvid/images/test" / f"{n}.png") for n in (0, 2, 4, 6)]
    assert predict[predict.index("predict") + 1 :][:4] == photos
    with Image.open(tmp_path / "work/predictions.jpg") as sheet:
        assert sheet.width > 4 * 400
    assert "25.0" in capsys.readouterr().out


def test_vit__file_at_hand_mirror_and_neither(tmp_path: Path) -> None:
    demo = demo_in(tmp_path)
    (tmp_path / "vit.pth").touch()
    demo.weights = str(tmp_path / "vit.pth")
    assert demo.get_vit() == demo.weights and not demo.seconds
    demo.weights = "https://mirror.example/vit.pth"
    demo.get_vit()
    assert demo.commands[0][-2:] == ["--from", demo.weights]
    demo.fails = "download.py"
    with pytest.raises(ConfigError, match="make demo-real WEIGHTS=FILE"):
        demo.get_vit()
    demo.weights = str(tmp_path / "none.pth")
    with pytest.raises(ConfigError, match=r"WEIGHTS: there is no file .*none\.pth"):
        demo.get_vit()


def test_data__that_is_not_there_is_fetched(tmp_path: Path) -> None:
    demo = demo_in(tmp_path)
    shutil.rmtree(tmp_path / "data/nuclei")
    demo.get_data()
    assert list(demo.seconds) == ["nuclei"]
    assert demo.commands[0][1:] == [
        str(tmp_path / "tools/data/get.py"),
        *("nuclei", "--to", str(tmp_path / "data/nuclei")),
    ]


@pytest.mark.parametrize("steps", [1, 2, 50])
def test_schedule__ends_with_the_training(steps: int) -> None:
    changes = dict(option.split("=") for option in schedule(steps))
    changes = {name: int(value) for name, value in changes.items()}
    config = read_config_file(str(ROOT / "configs/small/demo.py"), changes)
    warmup, decay = config.param_scheduler
    assert warmup.end == decay.begin and decay.end == config.train_cfg.max_iters == steps
    assert decay.T_max == max(1, decay.end - decay.begin)


def test_spread__takes_few_of_many() -> None:
    paths = [Path(str(number)) for number in range(10)]
    assert [path.name for path in spread(paths, 4)] == ["0", "2", "4", "6"]
    assert spread(paths[:2], 4) == paths[:2]


@pytest.mark.real
def test_demo__whole_way_on_a_few_real_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = root_of("camvid").parent
    root_of("nuclei")
    for name in ("tools", "configs", "argus"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/small").symlink_to(data.resolve())
    in_process = InProcess(monkeypatch, tmp_path)

    class FewPictures(RealDemo):
        def call(self, command: Sequence[str]) -> int:
            few = [
                f"tasks.{place}.dataset.indices=[0,1]" for place in ("camvid.test", "nuclei.test")
            ]
            tested = "dist_test.sh" in command[0]
            return in_process.call([*command, *(["--cfg-options", *few] if tested else [])])

    demo = FewPictures(
        tmp_path,
        work_dir=tmp_path / "work",
        data_dir=tmp_path / "data/small",
        weights=vit_s(),
        steps=2,
        num_processes=1,
    )
    demo.run()
    results = json.loads((demo.work_dir / "results.json").read_text())
    assert all(0 <= results[name] <= 1 for name in METRICS)
    with Image.open(demo.work_dir / "predictions.jpg") as sheet:
        assert sheet.width > 1000
