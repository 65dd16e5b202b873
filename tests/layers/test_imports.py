"""The layers import PyTorch, SciPy and the standard library; other packages only when probed."""

import ast
import sys
from pathlib import Path

import pytest

ALLOWED = {"torch", "scipy", *sys.stdlib_module_names}
LAYERS = Path(__file__).parents[2] / "argus" / "layers"


@pytest.mark.parametrize("path", sorted(LAYERS.glob("*.py")), ids=lambda path: path.name)
def test_imports__numerics_alone(path):
    modules = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            modules.append(node.module)
    for module in modules:
        allowed = module.split(".")[0] in ALLOWED or module.startswith("argus.layers")
        assert allowed, f"{path.name} imports {module}"
