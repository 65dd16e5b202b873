import copy
from pathlib import Path

import torch

from argus.apis.cli import read_config_file


def test_read_config__imports_and_helpers_are_no_settings(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(
        "import os\nimport json as j\nfrom copy import deepcopy\nfrom pathlib import Path\n"
        "from torch.nn import Linear\n"
        "def half(x):\n    return x // 2\n"
        "root = os.path.join('a', 'b')\nsizes = deepcopy([half(8)])\nkind = dict(type=Linear)\n"
    )
    config = read_config_file(str(path))
    assert config.root == "a/b" and config.sizes == [4] and config.kind.type is torch.nn.Linear
    assert sorted(copy.deepcopy(config).keys()) == ["kind", "root", "sizes"]
    config.dump(tmp_path / "dumped.py")
    assert read_config_file(str(tmp_path / "dumped.py")).to_dict() == config.to_dict()
