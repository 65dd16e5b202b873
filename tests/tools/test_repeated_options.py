"""Options that are given twice on a command line."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_options__of_several_values_add_up_where_they_are_given_twice() -> None:
    """By themselves the last one would count, and nobody hears of the others."""
    called = 0
    for path in [*(ROOT / "argus").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        # Demos are called by make, which gives each once.
        if path.parent.name == "demo" or ".add_argument(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith(
                ".add_argument"
            ):
                continue
            keys = {key.arg: ast.unparse(key.value) for key in node.keywords}
            name = ast.unparse(node.args[0]) if node.args else ""
            if name.startswith("'-") and keys.get("nargs") in ("'+'", "'*'"):
                called += 1
                where = f"{path}:{node.lineno}: {name}"
                assert keys.get("action") in ("'extend'", "'append'"), where
                # A default that is not empty would be added to.
                assert keys.get("default", "[]") == "[]", where
    assert called > 30
