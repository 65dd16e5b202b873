"""MTV's configs: sizes, keys and steps of the paper, and what a task that is off leaves out."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from argus.ablation.rows import read_listing
from argus.engine import MultitaskRunner
from argus.mtv.data import LocalCrops, PackClass, PackPairs, WholeView
from argus.mtv.metrics import RetrievalRecall
from argus.mtv.model import MTVModel
from argus.registry import MODELS
from argus.tasks import parse_tasks, streams_of
from tests.mtv.conftest import NAMES
from tests.mtv.tiny import SIZE

MTV = Path(__file__).parents[2] / "configs/mtv"
STEPS = {"10m": 48_828, "50m": 122_070, "100m": 390_625}
MILLIONS = dict(captions=203.155970, selfsup=29.435136, grounding=7.088642, depth=10.595137)
LABELS = dict(captions="captions", selfsup="crops", grounding="regions", depth="depth")
FULL = sorted(MTV.glob("*_*m.py"))
SETTINGS = [f"{size}_{number}" for size in ("base_224", "large_256") for number in ("10m", "50m")]
ROWS = sorted((MTV / "rows").glob("base_224_10m_*.py"))


def built(config: Any) -> MTVModel:
    tasks = parse_tasks(config.tasks, on_backbone=False)
    decoders = {name: task.decoder for name, task in tasks.items()}
    with torch.device("meta"):
        parts = dict(backbone=config.backbone, decoders=decoders, streams=streams_of(tasks))
        return MODELS.build(dict(**config.task_model, **parts))


@pytest.mark.parametrize("path", [*FULL, *ROWS], ids=lambda path: path.stem)
def test_config__has_what_its_tasks_take_and_no_more(path: Path) -> None:
    config = Config.fromfile(path, format_python_code=False)
    size, number = re.match(r"(.*_\d+)_(\d+m)", path.stem).groups()  # type: ignore[union-attr]
    tasks = config.tasks
    check_validation(tasks, tasks.pop("classes"))
    train = tasks.captions.train
    *before, pack = train.dataset.pipeline
    assert pack.type is PackPairs and pack.labels == {name: LABELS[name] for name in tasks}
    assert ("selfsup" in tasks) == (before[0].type is LocalCrops)
    assert before[-1].size == int(size.split("_")[1])
    model = built(config)
    assert model.backbone.config.vision_config.image_size == before[-1].size
    layers = model.backbone.config.vision_config.num_hidden_layers
    if "depth" in tasks:
        assert model.decoders["depth"].taps == tuple(layers * part // 4 for part in range(1, 5))
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    if size == "base_224":
        assert trained / 1e6 == pytest.approx(sum(MILLIONS[name] for name in tasks), abs=1e-6)
    command, expected = config_command(path), STEPS[number]
    assert command[:2] == ["tools/dist_train.sh", str(path.relative_to(MTV.parents[1]))]
    assert train.batch_size * int(command[2]) == config.global_batch_size
    assert config.train_cfg.max_iters == expected
    warmup, cosine = config.param_scheduler
    assert warmup["end"] == cosine["begin"] == 1_000 == expected - cosine["T_max"]
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.lr, optimizer.weight_decay) == (5e-4, 0.0)


def check_validation(tasks: Any, classes: Any) -> None:
    """Both validations read what the training does, and the views that the model is used with."""
    tokenizer = tasks.captions.train.dataset.pipeline[-1].tokenizer
    size = tasks.captions.train.dataset.pipeline[-2].size
    view, pack = tasks.captions.val.dataset.pipeline
    assert (view.type, view.size, pack.tokenizer) == (WholeView, size, tokenizer)
    assert pack.every_caption and tasks.captions.metrics.type is RetrievalRecall
    decoder = classes.decoder
    assert decoder.tokenizer == tokenizer and len(decoder["names"]) == 1000
    assert len(decoder.templates) == 7 and all("{}" in text for text in decoder.templates)
    view, pack = classes.val.dataset.pipeline[-2:]
    assert (view.type, view.size, pack) == (WholeView, size, dict(type=PackClass, task="classes"))
    assert classes.get("train") is None


def config_command(path: Path) -> list[str]:
    """What its docstring says to type."""
    text = ast.get_docstring(ast.parse(path.read_text()))
    assert text is not None
    return text.split("\n\n")[1].split()


def test_rows__of_all_settings_are_alike() -> None:
    """Those of one are built above; in the others, what is imported is another setting."""
    names = [path.stem.removeprefix(f"{SETTINGS[0]}_") for path in ROWS]
    assert len(names) == 7
    for setting in SETTINGS:
        for name in names:
            path = MTV / f"rows/{setting}_{name}.py"
            code = path.read_text().split('"""')[2]
            first = (MTV / f"rows/{SETTINGS[0]}_{name}.py").read_text().split('"""')[2]
            assert code == first.replace(SETTINGS[0], setting), path
            assert config_command(path)[1] == f"configs/mtv/rows/{path.name}"
    assert len(list((MTV / "rows").glob("*.py"))) == 7 * len(SETTINGS)


def test_scenes_rows__have_what_their_names_say() -> None:
    folder = MTV / "scenes_rows"
    listed = [Path(row.config).stem for row in read_listing(MTV / "scenes_synergy.yaml").rows]
    assert sorted(listed) == sorted(path.stem for path in folder.glob("*.py")) and len(listed) == 7
    names = dict(vl="captions", ssl="selfsup", grounding="grounding", depth="depth")
    for stem in listed:
        path = folder / f"{stem}.py"
        assert config_command(path)[1] == f"configs/mtv/scenes_rows/{stem}.py"
        config = Config.fromfile(path, format_python_code=False)
        expected = {"captions", *(names[word] for word in stem.split("_"))}
        assert config.tasks.keys() == expected | {"classes"}
        first, *_, pack = config.tasks.captions.train.dataset.pipeline
        assert pack.labels == {name: LABELS[name] for name in pack.labels}
        assert pack.labels.keys() == expected
        assert (first.type is LocalCrops) == bool(config.custom_hooks) == ("ssl" in stem)


def test_base__has_every_key_of_the_decoders() -> None:
    parts = Config.fromfile(MTV / "_base_/tasks.py", format_python_code=False)
    for name in MILLIONS:
        decoder = parts[name].decoder
        known = set(inspect.signature(decoder["type"].__init__).parameters) - {"self"}
        assert known == set(decoder) - {"type"}


def test_finetune__trains_and_validates_captions(folder: Path, tmp_path: Path) -> None:
    """As it is, but for the model, the data, and the number of steps."""
    rng = np.random.default_rng(0)
    lines = ["path,caption"]
    for number in range(8):
        pixels = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        kind = tmp_path / f"classes/{NAMES[number % 2].split()[1]}"
        kind.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(kind / f"{number}.png")
        lines.append(f"{number}.png,{NAMES[number % 3].replace(',', '')}")
    (tmp_path / "captions.csv").write_text("\n".join(lines))
    text = (MTV / "finetune.py").read_text()
    changes = {
        '_model = "google/siglip-base-patch16-224"': f"_model = {str(folder)!r}",
        '_data = "data/my_pairs"': f"_data = {str(tmp_path)!r}",
        "_class_folders = None": f"_class_folders = {str(tmp_path / 'classes')!r}",
        '("cat", "dog")': '("red", "green")',
        "_size = 224": f"_size = {SIZE}",
        "_max_iters = 2_000": "_max_iters = 2",
        "begin=100": "begin=1",
        "end=100": "end=1",
        "num_workers=4": "num_workers=0",
        "batch_size=64": "batch_size=2",
        "T_max=_max_iters - 100": "T_max=1",
        "from .._base_": "from argus.configs._base_",
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "finetune.py"
    path.write_text(text)
    config = Config.fromfile(path, format_python_code=False)
    config.work_dir = str(tmp_path / "out")
    runner = MultitaskRunner.from_cfg(config)
    with torch.no_grad():
        first = runner.raw_model.backbone.text_model.head.weight.clone()
    runner.train()
    runner.close()
    assert not torch.equal(runner.raw_model.backbone.text_model.head.weight, first)
    metrics = runner.val_loop.run()
    measured = {"captions/image_to_text_r1", "captions/text_to_image_r1", "classes/top1"}
    assert measured < set(metrics)
