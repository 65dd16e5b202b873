"""What libraries print at their import is left out by its name, and nothing else."""

import subprocess
import sys

import pytest

SAY = """
from mmengine.logging import print_log
print_log('Could not import OneDL. Skipping OneDL datasets.', level=10)
print_log('Could not import OneDL', level=10)
print_log('something else')
"""


@pytest.mark.parametrize("first", ["import argus", "import mmengine, argus"])
def test_note_of_a_library__is_left_out_in_either_order(first: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{first}\n{SAY}"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "something else\n" and done.stderr == ""
