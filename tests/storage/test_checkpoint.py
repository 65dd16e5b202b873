"""What a file that is no checkpoint is told to be, in our own words."""

import pickle
from pathlib import Path

import pytest
import torch

from argus.errors import CheckpointError
from argus.storage.checkpoint import read_checkpoint


@pytest.mark.parametrize("content", [b"import os\n", b"", pickle.dumps(print)])
def test_read__of_another_file_gives_no_advice_of_torch(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(path)
    assert str(path) in str(caught.value) and "weights_only" not in str(caught.value)


def test_read__names_the_object_that_is_no_tensor(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    torch.save(dict(found=Path("x")), path)
    with pytest.raises(CheckpointError, match="not a file of tensors.*pathlib") as caught:
        read_checkpoint(path)
    assert "weights_only" not in str(caught.value) and "\n" not in str(caught.value)
