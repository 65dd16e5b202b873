"""Compare what the configs of two trees resolve to: a change of their files alone shows nothing.

    python tools/analysis/compare_configs.py HEAD~1

reads every file of configs/ as it is now and as it was in that commit, and prints each value that
differs. Variables that begin with an underscore are names for what others use.
"""

import argparse
import inspect
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from argus.commands.errors import user_errors
from argus.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("revision", help="a commit, e.g. HEAD~1")
    return parser.parse_args(argv)


def settings(folder: Path) -> dict[str, Any]:
    """Values of every config below a folder, by ``<file>.<variable>``."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*.py")):
        config = Config.fromfile(path, format_python_code=False)
        try:
            values = list(config.items())
        except ModuleNotFoundError as error:  # of an extra that is not installed
            print(f"left out: {path.relative_to(folder)}: {error}", file=sys.stderr)
            continue
        for name, value in values:
            # What is imported of a package, or a function, is a name and no setting.
            is_setting = name not in config._imported_names and not inspect.isfunction(value)
            if is_setting and not name.startswith("_"):
                found[f"{path.relative_to(folder)}: {name}"] = value
    return found


def differences(old: Any, new: Any, place: str) -> Iterator[str]:
    """A line for every value that one of two has and the other has not, or has otherwise."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            if key not in new:
                yield f"{place}.{key} is gone"
            elif key not in old:
                yield f"{place}.{key} is new"
            else:
                yield from differences(old[key], new[key], f"{place}.{key}")
    elif isinstance(old, (list, tuple)) and type(old) is type(new) and len(old) == len(new):
        for index, (first, second) in enumerate(zip(old, new, strict=True)):
            yield from differences(first, second, f"{place}[{index}]")
    elif old != new:
        yield f"{place}: {old!r:.100} -> {new!r:.100}"


def compare(old: Path, new: Path) -> list[str]:
    """What differs between the configs of two folders; files that one alone has do not count."""
    first, second = settings(old), settings(new)
    both = {key.split(": ")[0] for key in first} & {key.split(": ")[0] for key in second}
    kept = [{k: v for k, v in each.items() if k.split(": ")[0] in both} for each in (first, second)]
    return [line.removeprefix(".") for line in differences(*kept, "")]


def main(argv: list[str] | None = None) -> int:
    """Print the differences; 1 if there are any."""
    args = parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(
            ["git", "archive", args.revision, "configs"], cwd=ROOT, capture_output=True
        )
        if archive.returncode:
            raise ConfigError(f"git archive {args.revision}: {archive.stderr.decode().strip()}")
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        lines = compare(Path(folder) / "configs", ROOT / "configs")
    print("\n".join(lines) or "no differences")
    return int(bool(lines))


if __name__ == "__main__":
    with user_errors():
        sys.exit(main())
