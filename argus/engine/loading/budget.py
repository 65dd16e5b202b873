"""The budget of bad samples of a training in several processes."""

from collections.abc import Mapping, Sequence

from mmengine.dist import get_rank

from argus.datasets.resilient import BadSampleBudget
from argus.engine.distributed import gather_lists


class SharedBudget(BadSampleBudget):
    """Counts of all processes: what they shared last, and what this one has seen since."""

    def __init__(self, task: str, *, max_share: float = 0.01, grace: int = 10) -> None:
        super().__init__(task, max_share=max_share, grace=grace)
        self._new: tuple[list[str], int] = ([], 0)

    def update(self, replaced: Sequence[str], num_samples: int) -> None:
        """Take one batch of this process into account.

        Raises:
            DataError: More bad samples than accepted.
        """
        self._new = ([*self._new[0], *replaced], self._new[1] + num_samples)
        super().update(replaced, num_samples)

    def take_new(self) -> tuple[list[str], int]:
        """Messages about bad samples and number of good ones since the last call."""
        new, self._new = self._new, ([], 0)
        return new

    def add_foreign(self, replaced: Sequence[str], num_samples: int) -> None:
        """Take into account what the other processes have taken by :meth:`take_new`.

        Raises:
            DataError: More bad samples than accepted.
        """
        super().update(replaced, num_samples)


def share_budgets(budgets: Mapping[str, SharedBudget]) -> None:
    """Give every process the counts of all; all of them must call it, with the same budgets.

    Between two calls the processes differ by what each has seen alone.

    Raises:
        DataError: More bad samples than accepted, in every process alike.
    """
    parts = gather_lists([{name: budget.take_new() for name, budget in budgets.items()}])
    del parts[get_rank()]  # counted by update
    for name, budget in budgets.items():
        replaced = [message for part in parts for message in part[name][0]]
        budget.add_foreign(replaced, sum(part[name][1] for part in parts))
