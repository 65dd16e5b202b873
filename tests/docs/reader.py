"""Does what a reader of the documents does: types the commands, runs the Python."""

import shlex
from typing import Any

from tests.docs.blocks import Block
from tests.in_process import InProcess


class Reader:
    """Run blocks in this process, in a folder that stands for the repository.

    Args:
        in_process: Calls the commands.
    """

    def __init__(self, in_process: InProcess) -> None:
        self.in_process = in_process
        self.names: dict[str, dict[str, Any]] = {}

    def run(self, block: Block) -> None:
        """Run a block; the Python of a page goes on with the names of its earlier blocks."""
        text = block.text_to_run()
        if block.language == "python":
            names = self.names.setdefault(block.page, {"__name__": "__main__"})
            exec(compile(block.setup, f"above {block}", "exec"), names)
            exec(compile(text, str(block), "exec"), names)
            return
        for command in commands(text):
            if command == ["source", ".venv/bin/activate"]:
                continue
            status = self.in_process.call(command)
            assert status == 0, f"{block}: {shlex.join(command)} ended with {status}"


def commands(text: str) -> list[list[str]]:
    """Words of every command of a bash block; comments and continued lines are understood."""
    joined = text.replace("\\\n", " ")
    split = [shlex.split(line, comments=True) for line in joined.splitlines()]
    return [words for words in split if words]
