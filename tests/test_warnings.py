"""A warning that our own code causes fails the test it appears in (pyproject.toml)."""

import warnings

import pytest

WARN = compile("import warnings; warnings.warn('something new')", "<module>", "exec")


@pytest.mark.parametrize("module", ["argus", "argus.engine.train_loop", "tests.toy", "tools.train"])
def test_warning__of_our_own_code_is_an_error(module: str) -> None:
    with pytest.raises(UserWarning, match="something new"):
        exec(WARN, {"__name__": module})


@pytest.mark.parametrize("module", ["mmdet.apis", "argusx", "torch.tools"])
def test_warning__of_a_library_is_none(module: str) -> None:
    with warnings.catch_warnings(record=True) as seen:
        exec(WARN, {"__name__": module})
    assert [str(warning.message) for warning in seen] == ["something new"]
