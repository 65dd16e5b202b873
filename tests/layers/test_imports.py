"""The layers import PyTorch and the standard library alone; other packages only when probed."""

import ast
import sys
from pathlib import Path

import pytest

LAYERS = Path(__file__).parents[2] / "argus" / "layers"


@pytest.mark.parametrize("path", sorted(LAYERS.glob("*.py")), ids=lambda path: path.name)
def test_imports__torch_alone(path):
    modules = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            modules.append(node.module)
    for module in modules:
        root = module.split(".")[0]
        assert (
            root == "torch" or root in sys.stdlib_module_names or module.startswith("argus.layers")
        ), f"{path.name} imports {module}"
