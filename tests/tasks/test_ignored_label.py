"""A decoder, its losses and its metrics leave out the same pixels, or the config is refused."""

from typing import Any

import pytest
from mmseg.evaluation import IoUMetric

from argus.errors import ConfigError
from argus.tasks import parse_tasks
from argus.tasks.ignored_label import check_ignored_labels
from tests.toy import toy_tasks

HEAD = "decoder.decode_head"


class QuietIoU(IoUMetric):
    """As a user derives one, whose arguments are those of its base."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)


def check(head: Any, *metrics: Any, auxiliary: Any = None) -> None:
    decoder = dict(type="mmseg.EncoderDecoder", decode_head=head)
    decoder |= dict(auxiliary_head=auxiliary) if auxiliary is not None else {}
    check_ignored_labels("tasks['semantic']", decoder, metrics)


@pytest.mark.parametrize(
    ("head", "metric", "path", "found", "expected"),
    [
        (dict(ignore_index=0), dict(type="IoUMetric"), "metrics[0]", 255, 0),
        (dict(ignore_index=0), dict(type=QuietIoU), "metrics[0]", 255, 0),
        ({}, dict(type="mmseg.IoUMetric", ignore_index=0), "metrics[0]", 0, 255),
        ([{}, dict(ignore_index=7)], None, f"{HEAD}[0]", 255, 7),
        (dict(loss_decode=dict(type="DiceLoss", ignore_index=3)), None, f"{HEAD}.loss", 3, 255),
        (dict(ignore_index=3, loss_decode=[dict(type="DiceLoss")]), None, f"{HEAD}.loss", 255, 3),
    ],
)
def test_ignore_index__that_differs_is_an_error(
    head: Any, metric: Any, path: str, found: int, expected: int
) -> None:
    with pytest.raises(
        ConfigError, match=f"is {found}, but the decode_head ignores {expected}"
    ) as e:
        check(head, *[metric] * (metric is not None))
    assert str(e.value).startswith(f"tasks['semantic'].{path}")
    assert f"ignore_index={expected}, or ignore_index={found} of decode_head" in str(e.value)


def test_ignore_index__of_an_auxiliary_head() -> None:
    with pytest.raises(ConfigError, match=r"auxiliary_head\[1\]\.ignore_index is 255, but"):
        heads = [dict(ignore_index=0), {}]
        check(dict(ignore_index=0), auxiliary=heads)


def test_ignore_index__that_is_the_same_or_that_a_part_does_not_have() -> None:
    losses = [dict(type="CrossEntropyLoss"), dict(type="DiceLoss", ignore_index=0)]
    metrics = [dict(type="IoUMetric", ignore_index=0), dict(type="mmseg.DepthMetric")]
    check(dict(ignore_index=0, loss_decode=losses), *metrics, dict(type="NoSuchMetric"))
    check({}, dict(type="IoUMetric"))
    # No head of mmseg: what it ignores is not in ``decode_head``.
    check_ignored_labels("x", dict(type="mmdet.MaskRCNN"), [dict(type="IoUMetric", ignore_index=0)])


def test_ignore_index__is_compared_when_tasks_are_parsed() -> None:
    tasks = toy_tasks()
    tasks["semantic"]["decoder"]["decode_head"]["ignore_index"] = 0
    with pytest.raises(ConfigError, match=r"metrics\[0\]\.ignore_index is 255"):
        parse_tasks(tasks)
