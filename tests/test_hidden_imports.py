"""The OpenMMLab libraries import alike whether transformers is installed or not."""

import subprocess
import sys

import pytest

CODE = """
import argus, sys
if {first}:
    import transformers
from argus.libraries import import_libraries
import_libraries()
from mmpretrain.utils.dependency import WITH_MULTIMODAL
from mmdet.models.language_models import bert
found = sys.modules.get("transformers")
assert not WITH_MULTIMODAL and bert.AutoTokenizer is None
assert (found is None) != {first}, found
from transformers import SiglipConfig
"""


@pytest.mark.parametrize("first", [False, True])
def test_libraries__do_without_transformers(first: bool) -> None:
    pytest.importorskip("transformers", reason="there is nothing to hide")
    subprocess.run([sys.executable, "-c", CODE.format(first=first)], check=True)
