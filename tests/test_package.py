"""What importing the package itself does."""

import pytest

import argus
from argus.libraries import importing


def test_import__error_of_a_dependency_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not "cannot import name 'Argus'", which is what Python makes of an AttributeError."""

    def fail() -> None:
        raise AttributeError("module 'numpy' has no attribute 'float_'")

    monkeypatch.setattr(importing, "import_libraries", fail)
    with pytest.raises(ImportError, match=r"does not load: module 'numpy' has no attribute"):
        from argus import Argus  # noqa: F401
    with pytest.raises(AttributeError, match="module 'argus' has no attribute 'Argos'"):
        _ = argus.Argos
