import pytest

pytest.importorskip("transformers", reason="MTV needs the extra mtv")
