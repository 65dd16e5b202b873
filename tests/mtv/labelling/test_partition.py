"""Every shard belongs to exactly one process of a launcher."""

from pathlib import Path

import pytest

from argus.errors import ConfigError
from argus.mtv.labelling.partition import own_shards

SHARDS = [Path(f"{number:05d}.tar") for number in range(10)]


@pytest.mark.parametrize(
    ("launcher", "processes"),
    [
        ("torchrun", [dict(RANK=str(rank), WORLD_SIZE="3") for rank in range(3)]),
        (
            "slurm",
            [
                dict(
                    SLURM_ARRAY_TASK_ID=str(task),
                    SLURM_ARRAY_TASK_COUNT="4",
                    SLURM_ARRAY_TASK_MIN="1",
                    SLURM_ARRAY_TASK_STEP="2",
                )
                for task in (1, 3, 5, 7)
            ],
        ),
    ],
)
def test_shards__are_divided_without_rest(launcher: str, processes: list[dict[str, str]]) -> None:
    own = [own_shards(SHARDS, launcher, environment) for environment in processes]
    assert sorted(sum(own, [])) == SHARDS
    assert max(map(len, own)) - min(map(len, own)) <= 1
    assert own_shards(SHARDS, "none", {}) == SHARDS


def test_launcher__that_has_not_started_the_process_is_told() -> None:
    with pytest.raises(ConfigError, match="RANK and WORLD_SIZE not set"):
        own_shards(SHARDS, "torchrun", {})
    gap = dict(SLURM_ARRAY_TASK_ID="7", SLURM_ARRAY_TASK_COUNT="2", SLURM_ARRAY_TASK_MIN="3")
    with pytest.raises(ConfigError, match="the array has gaps"):
        own_shards(SHARDS, "slurm", gap)
