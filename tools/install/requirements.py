"""What stands in the lists of ``requirements/``."""

from __future__ import annotations

from pathlib import Path


def read_requirements(path: Path) -> dict[str, str]:
    """Requirements of a list by package name, without comments and markers.

    Args:
        path: A file in ``requirements/``.

    Returns:
        E.g. ``{"onedl-mmcv": "onedl-mmcv==2.3.6"}``.
    """
    requirements = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        requirement = line.split(" #")[0].split(";")[0].strip()
        if requirement and not requirement.startswith("#"):
            name = requirement
            for mark in "[=<>!~ ":
                name = name.split(mark)[0]
            requirements[name] = requirement
    return requirements
