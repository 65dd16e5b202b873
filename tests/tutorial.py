"""What docs/add_a_task.md has its reader write, and the small model that it starts from."""

import re
import runpy
from pathlib import Path

import pytest
from mmengine.config import Config

from argus.engine import MultitaskRunner
from argus.model_files.merge import merge

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/add_a_task.md"
MODEL = "work_dirs/demo/model"


def file_in_page(name: str) -> str:
    """Content of a file that the page shows."""
    pattern = rf"<!-- {re.escape(name)}:.*?-->\n```python\n(.*?)^```"
    found = re.search(pattern, PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None, name
    return found[1]


def commands_in_page() -> list[list[str]]:
    """Words of every command that the page shows, in order."""
    blocks = re.findall(r"^```bash\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return [line.split() for block in blocks for line in block.splitlines()]


def write_files(folder: Path) -> None:
    """Write the page's config, script and data set to a folder that stands for the repository."""
    for name in ("plates.py", "make_plates.py"):
        (folder / name).write_text(file_in_page(name))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        runpy.run_path("make_plates.py")


def write_model(folder: Path, *, steps: int = 1) -> None:
    """Write a merged model as the demo leaves one: a small backbone, trained with one task."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        config = Config.fromfile("plates.py")
        tiny = Config.fromfile(ROOT / "configs/scenes/_base_/argus_tiny.py")
        config.backbone = tiny.backbone
        task = config.tasks.plates
        task.train.update(num_workers=0)
        task.test, task.val = task.val, None
        config.tasks = dict(surface=task)
        config.train_cfg = dict(max_iters=steps)
        config.param_scheduler = None
        # The same draw would give this decoder the first weights of the page's one, to which the
        # backbone then learns to speak: the page's untrained decoder would be a good one.
        config.randomness = dict(seed=1)
        config.work_dir = "work_dirs/stage1"
        runner = MultitaskRunner.from_cfg(config)
        runner.train()
        runner.close()
        merge(f"work_dirs/stage1/iter_{steps}.pth").write(MODEL)
