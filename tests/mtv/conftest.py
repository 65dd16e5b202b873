import pytest

from tests.mtv.data import toy


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a small tokenizer."""
    return toy.tokenizer(tmp_path_factory.mktemp("tokens"))
