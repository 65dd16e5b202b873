"""A demo on a dozen scenes, all of whose steps are calls in this process."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from tests.in_process import ROOT, InProcess
from tools.demo.mtv import MTVDemo
from tools.demo.scenes import ScenesDemo

D = TypeVar("D", MTVDemo, ScenesDemo)


def run_small(
    kind: type[D], root: Path, *, work: str, data: str, sizes: str, options: Sequence[str]
) -> D:
    """The demo after its run; ``reached`` is what that returned.

    Args:
        kind: Of the demo.
        root: An empty folder that stands for the repository, since configs read data below it.
        work: Name of its folder of outputs.
        data: Name of its folder of scenes.
        sizes: Options of the scenes.
        options: Changes of the configs.
    """
    for name in ("tools", "configs", "argus"):
        (root / name).symlink_to(ROOT / name)
    demo = kind(
        root,
        work_dir=root / "work_dirs" / work,
        data_dir=root / "data" / data,
        num_processes=1,  # the launch scripts have tests of their own with two
        options=options,
    )
    with pytest.MonkeyPatch.context() as patch:
        in_process = InProcess(patch, root)

        def call(command: Sequence[str]) -> int:
            small = sizes.split() if "argus.datasets.scenes" in command else []
            return in_process.call([*command, *small])

        demo.call = call
        demo.reached = demo.run()
    return demo
