"""Call ``argus`` in this process as a shell would."""

from typing import NamedTuple

import pytest

from argus.commands.main import main


class Done(NamedTuple):
    """What a command left."""

    status: int
    out: str
    err: str


class CommandLine:
    """``argus(*words)`` runs the command and catches what it prints."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self.capfd = capfd

    def __call__(self, *words: object) -> Done:
        self.capfd.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main([str(word) for word in words])
        return Done(exit_.value.code or 0, *self.capfd.readouterr())


def assert_mistake(done: Done, *words: str) -> None:
    """One message, exit status 2, nothing on stdout."""
    assert done.status == 2, done
    assert "Traceback" not in done.err and done.out == ""
    for word in words:
        assert word in done.err, done.err
