"""The one table of results."""

from argus.evaluation.table import results_table

NAMES = ["instance/bbox_mAP", "instance/segm_mAP", "depth/rmse"]
COLUMNS = dict(
    measured={"instance/bbox_mAP": 0.5678, "instance/segm_mAP": 0.5, "depth/rmse": 0.31415926},
    paper={"instance/bbox_mAP": 0.601},
)


def test_table__plain_text() -> None:
    found = results_table(COLUMNS, names=NAMES, percent=NAMES[:2])
    assert found.splitlines() == [
        "task      metric    measured  paper",
        "-----------------------------------",
        "instance  bbox_mAP      56.8   60.1",
        "          segm_mAP      50.0      -",
        "depth     rmse        0.3142      -",
    ]


def test_table__markdown_repeats_the_task() -> None:
    found = results_table(COLUMNS, names=NAMES, percent=NAMES[:2], markdown=True)
    assert found.splitlines() == [
        "| task     | metric   | measured | paper |",
        "|----------|----------|---------:|------:|",
        "| instance | bbox_mAP |     56.8 |  60.1 |",
        "| instance | segm_mAP |     50.0 |     - |",
        "| depth    | rmse     |   0.3142 |     - |",
    ]


def test_table__rows_are_those_asked_for() -> None:
    found = results_table(COLUMNS, names=NAMES[2:])
    assert "instance" not in found and len(found.splitlines()) == 3


def test_table__zero_is_shown_and_what_was_not_measured_is_a_dash() -> None:
    lines = results_table(dict(measured={"a/x": 0.0}), names=["a/x", "a/y"]).splitlines()
    assert lines[2].split() == ["a", "x", "0"] and lines[3].split() == ["y", "-"]
