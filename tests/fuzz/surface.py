"""What is tried: a surface makes cases, each an input and what to do with it."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random


class WrongResult(Exception):
    """An answer that is not the right one."""


class Refused(Exception):
    """A refusal that reaches its reader as text: standard error of a command, an HTTP answer."""


@dataclass(frozen=True)
class Case:
    """One input.

    Args:
        what: What was done to a good input.
        run: Gives it to the program. Raises :class:`WrongResult` if the answer is not right, and
            :class:`Refused` for a refusal that is no exception.
        names: What a refusal has to name, e.g. the file; empty if nothing.
    """

    what: str
    run: Callable[[], None]
    names: str = ""


class Surface(ABC):
    """A place where data of others comes in.

    Args:
        name: For the command line.
        title: For the table.
        share: Cases out of 2,000.
    """

    name: str
    title: str
    share: int

    def prepare(self, folder: Path) -> None:  # noqa: B027 - not every surface needs it
        """Make good inputs, once for all cases.

        Args:
            folder: Empty; the cases may read in it.
        """

    @abstractmethod
    def case(self, random: Random, folder: Path) -> Case:
        """Make a case.

        Args:
            random: All that is random comes from it, so that a number always gives the same case.
            folder: Empty; the only place where the case and the program may write.
        """


def expect(condition: bool, what: str) -> None:
    """Raise :class:`WrongResult` if a condition does not hold."""
    if not condition:
        raise WrongResult(what)
