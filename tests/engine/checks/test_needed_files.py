"""What a run says of data that are missing."""

import pytest

from argus.engine.checks.needed_files import check_data
from argus.errors import DataError
from argus.tasks import EvalData, Task


def evaluation_data(root: str) -> EvalData:
    return EvalData(dataset=dict(type="A", data_root=root), batch_size=1)


def test_missing_data__are_named_where_the_config_has_them() -> None:
    val = evaluation_data("data/nowhere")
    decoder = dict(type="B")
    as_val = {"a": Task(name="a", decoder=decoder, val=val, test=val)}
    with pytest.raises(DataError, match=r"--cfg-options tasks\.a\.val\.dataset\.data_root="):
        check_data(as_val, ["test"])
    own = {"a": Task(name="a", decoder=decoder, val=val, test=evaluation_data("data/no"))}
    with pytest.raises(DataError, match=r"--cfg-options tasks\.a\.test\.dataset\.data_root="):
        check_data(own, ["test"])
