"""Call a tool in this process as a shell would."""

from typing import Any

import pytest

from tests.commands.command_line import Done


class ToolLine:
    """``run(tool, *words)`` calls its ``main()`` and catches what it prints."""

    def __init__(self, patch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self.patch = patch
        self.capfd = capfd

    def __call__(self, tool: Any, *words: object) -> Done:
        self.patch.setattr("sys.argv", ["tool", *map(str, words)])
        self.capfd.readouterr()
        status = 0
        try:
            tool.main()
        except SystemExit as exit_:
            status = exit_.code
        return Done(status, *self.capfd.readouterr())


def assert_one_message(done: Done, *words: str) -> None:
    """Exit status 2, and a message with these words."""
    assert done.status == 2, done
    assert "Traceback" not in done.err
    for word in words:
        assert word in done.err, done.err
