"""What tests of several folders need: a whole model in a folder."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the scenes' model with all tasks and random weights; not to be written to."""
    from tests.tiny_model import tiny_model

    folder = tmp_path_factory.mktemp("models") / "tiny"
    tiny_model().write(folder)
    return folder
