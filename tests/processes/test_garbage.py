"""The search for garbage rests inside, and is afterwards what it was before."""

import gc
from collections.abc import Iterator

import pytest

from argus.processes.garbage import no_garbage_search


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    was_enabled = gc.isenabled()
    yield
    (gc.enable if was_enabled else gc.disable)()


@pytest.mark.parametrize("is_enabled", [True, False])
def test_search__is_what_it_was_also_after_an_error(is_enabled: bool) -> None:
    (gc.enable if is_enabled else gc.disable)()
    with pytest.raises(KeyError), no_garbage_search():
        assert not gc.isenabled()
        with no_garbage_search():
            pass
        assert not gc.isenabled(), "the inner one does not end the outer one"
        raise KeyError
    assert gc.isenabled() is is_enabled
