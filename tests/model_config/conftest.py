"""The console command as a fixture."""

import pytest

from tests.commands.command_line import CommandLine


@pytest.fixture
def argus(capfd: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(capfd)
