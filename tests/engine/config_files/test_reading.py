import copy
import os
from pathlib import Path

import pytest
import torch

from argus.engine.config_files.reading import read_config_file
from argus.errors import ConfigError
from argus.tasks import parse_tasks


def test_read_config__imports_and_helpers_are_no_settings(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(
        "import os\nimport json as j\nfrom os import environ\nfrom copy import deepcopy\n"
        "from pathlib import Path\n"
        "from torch.nn import Linear\n"
        "def half(x):\n    return x // 2\n"
        "root = os.path.join('a', 'b')\nsizes = deepcopy([half(8)])\nkind = dict(type=Linear)\n"
    )
    config = read_config_file(str(path))
    assert config.root == "a/b" and config.sizes == [4] and config.kind.type is torch.nn.Linear
    assert sorted(copy.deepcopy(config).keys()) == ["kind", "root", "sizes"]
    config.dump(tmp_path / "dumped.py")
    assert read_config_file(str(tmp_path / "dumped.py")).to_dict() == config.to_dict()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "import numpy as np\n\nx = dict(a=np.sqrt(4))",
            r"a\.py, line 3\)\. What a config imports",
        ),
        ("import numpy as np\nx = 2 * np.pi", r"a\.py, line 2\)\. What a config imports"),
        ("import os\nx = [dict(a=os)]", "a setting holds a module"),
        ("import os, math\nfrom torch import nn", "write `import a` and `import b` instead"),
        ("def f():\n    return 1 / 0\n\nx = f()", r"division by zero \(.*a\.py, line 4\)"),
        ("raise ValueError", r"ValueError \(.*a\.py, line 1\)$"),
    ],
)
def test_read_config__says_what_cannot_be_done_in_one(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "a.py").write_text(text)
    with pytest.raises(ConfigError, match=f"(?i)a\\.py cannot be read: .*{message}"):
        read_config_file(str(tmp_path / "a.py"))


def test_read_config__modules_of_a_base_are_no_settings(tmp_path: Path) -> None:
    (tmp_path / "base.py").write_text("import os\nimport math\nx = os.sep\n")
    (tmp_path / "a.py").write_text(
        "from mmengine.config import read_base\nwith read_base():\n    from .base import *\n"
        "y = math.floor(2.5)\n"
    )
    assert read_config_file(str(tmp_path / "a.py")).to_dict() == dict(x=os.sep, y=2)


def test_options__task_that_is_set_to_none_is_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("tasks = dict(a=dict(decoder=dict()), b=dict(decoder=dict(), val=dict(x=1)))\n")
    config = read_config_file(str(path), {"tasks.a": None, "tasks.b.val": None})
    assert config.to_dict()["tasks"] == dict(b=dict(decoder={}, val=None))
    with pytest.raises(ConfigError, match=r"expected a dict.*tasks\.a=None takes a task out"):
        parse_tasks(dict(a=None))
