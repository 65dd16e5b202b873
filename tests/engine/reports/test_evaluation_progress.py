"""What an evaluation tells of how far it is."""

from types import SimpleNamespace

from argus.engine.reports.evaluation_progress import EvaluationProgress


def test_progress__is_told_every_half_minute_with_the_time_that_is_left() -> None:
    lines: list[str] = []
    now = [100.0]
    progress = EvaluationProgress(
        SimpleNamespace(info=lines.append),
        "test",
        ["depth", "normals"],
        5_000,
        clock=lambda: now[0],
    )
    for seconds, done in ((10, 400), (40, 1_000), (60, 1_500), (80, 2_000), (200, 5_000)):
        now[0] = 100.0 + seconds
        progress.update(done)
    assert lines == [
        "test of depth, normals: 1,000 of 5,000 pictures  eta 0:02:40",
        "test of depth, normals: 2,000 of 5,000 pictures  eta 0:02:00",
    ]
