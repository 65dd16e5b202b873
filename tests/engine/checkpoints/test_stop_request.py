"""A training that is asked to stop: it ends after its step, and goes on as if it had not."""

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config

from argus.commands.errors import user_errors
from argus.engine import MultitaskRunner
from argus.engine.checkpoints import stop_request
from argus.engine.checkpoints.stop_request import StopRequest
from argus.errors import TrainingStopped
from argus.processes import stop_signals
from argus.processes.stop_signals import STOPPED, ended_by_signals
from tests.toy import toy_config


def train(work_dir: Path, *, signal_at: tuple[str, int] | None = None, **changes: Any) -> list:
    """Losses of every step; a signal comes in a hook of a step."""
    runner = MultitaskRunner.from_cfg(Config(toy_config(work_dir, **changes)))
    losses: list[dict[str, float]] = []
    call_hook = runner.call_hook

    def record(name: str, **kwargs: Any) -> None:
        call_hook(name, **kwargs)
        if name == "after_train_iter":
            losses.append({k: v.item() for k, v in kwargs["outputs"].losses.items()})
        if signal_at == (name, kwargs.get("batch_idx")):
            os.kill(os.getpid(), signal.SIGTERM)

    runner.call_hook = record
    try:
        runner.train()
    except TrainingStopped as stopped:
        losses.append(str(stopped))
    return losses


@pytest.mark.parametrize("accumulate", [1, 2])
def test_training__ends_after_the_step_and_goes_on_bit_for_bit(
    tmp_path: Path, accumulate: int
) -> None:
    options = dict(
        train_cfg=dict(max_iters=5, accumulate=accumulate),
        custom_hooks=[dict(type="argus.EMAHook", decay=0.9)],
    )
    whole = train(tmp_path / "whole", **options)
    # Step 2, between two checkpoints.
    *first, message = train(tmp_path / "parts", signal_at=("before_train_iter", 2), **options)
    assert len(first) == 3
    saved = tmp_path / "parts/iter_3.pth"
    assert saved.is_file()
    assert message == (f"stopped by SIGTERM after step 3 of 5, saved {saved}. Go on with --resume.")
    assert first + train(tmp_path / "parts", resume=True, **options) == whole
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, "nothing is left behind"


def test_validation__ends_at_once_with_the_trained_weights_saved(tmp_path: Path) -> None:
    options = dict(
        train_cfg=dict(max_iters=4, val_interval=1),
        custom_hooks=[dict(type="argus.EMAHook", decay=0.9)],
    )
    whole = train(tmp_path / "whole", **options)
    *first, message = train(tmp_path / "parts", signal_at=("before_val_iter", 1), **options)
    assert len(first) == 1 and "after step 1 of 4" in message
    assert first + train(tmp_path / "parts", resume=True, **options) == whole


@pytest.mark.parametrize("place", [("before_train_iter", 3), ("before_val_iter", 1)])
def test_signal__before_the_last_validation_is_done_leaves_it_to_the_next_run(
    tmp_path: Path, place: tuple[str, int]
) -> None:
    options = dict(train_cfg=dict(max_iters=4))
    *losses, message = train(tmp_path, signal_at=place, **options)
    assert len(losses) == 4 and "after step 4 of 4" in message
    assert not list(tmp_path.glob("**/best_*"))
    assert train(tmp_path, resume=True, **options) == []
    (log,) = [path for path in tmp_path.glob("*/*.log") if "nothing left" in path.read_text()]
    assert "val results" in log.read_text()


def test_signal__in_the_last_step_without_a_validation_changes_nothing(tmp_path: Path) -> None:
    tasks = toy_config(tmp_path)["tasks"]
    for task in tasks.values():
        task["val"] = None
    options = dict(train_cfg=dict(max_iters=4), tasks=tasks)
    assert len(train(tmp_path, signal_at=("before_train_iter", 3), **options)) == 4


def test_signal__while_a_batch_does_not_come_saves_at_once(tmp_path: Path) -> None:
    runner = MultitaskRunner.from_cfg(Config(toy_config(tmp_path, train_cfg=dict(max_iters=4))))
    call_hook = runner.call_hook

    def wait(name: str, **kwargs: Any) -> None:
        if name == "before_train_iter" and kwargs["batch_idx"] == 2:
            runner.train_loop.dataloader.while_waiting()  # nobody has asked
            os.kill(os.getpid(), signal.SIGUSR1)
            runner.train_loop.dataloader.while_waiting()
        call_hook(name, **kwargs)

    runner.call_hook = wait
    with pytest.raises(TrainingStopped, match="stopped by SIGUSR1 after step 2 of 4"):
        runner.train()
    assert (tmp_path / "iter_2.pth").is_file()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_signal__while_no_step_is_under_way_ends_with_the_same_status(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(stop_signals.os, "_exit", ended.append)
    before = signal.getsignal(number)
    with ended_by_signals():
        os.kill(os.getpid(), number)
    assert ended == [STOPPED]
    assert signal.getsignal(number) is before
    name = signal.Signals(number).name
    assert f"stopped by {name} while no step was under way" in capfd.readouterr().err


def test_second_signal__ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    now = [100.0]
    monkeypatch.setattr(stop_request.os, "_exit", ended.append)
    monkeypatch.setattr(stop_request.time, "monotonic", lambda: now[0])
    request = StopRequest()
    with request.listening():
        os.kill(os.getpid(), signal.SIGUSR1)
        assert request.signal == "SIGUSR1" and request.agreed()
        now[0] += 1  # the same one, passed on by the launcher
        os.kill(os.getpid(), signal.SIGUSR1)
        assert ended == []
        now[0] += 60
        os.kill(os.getpid(), signal.SIGTERM)
    assert ended == [128 + signal.SIGTERM]


@pytest.mark.parametrize(
    ("seconds", "asked_at"),
    [(0.01, [0, 1, 21, 41]), (0.5, [0, 1, 5, 9]), (30.0, [0, 1, 2, 3])],
)
def test_now_and_then__processes_ask_each_other_every_few_seconds(
    seconds: float, asked_at: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    now, asked = [0.0], []
    monkeypatch.setattr(stop_request.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(stop_request, "_has_others", lambda: True)

    def largest(is_asked: float, own_seconds: float) -> list[float]:
        asked.append(turn)
        return [is_asked, max(own_seconds, seconds)]  # another process is the slowest

    monkeypatch.setattr(stop_request, "_largest", largest)
    request = StopRequest()
    is_asked = request.now_and_then()
    for turn in range(100):
        assert not is_asked(turn)
        now[0] += seconds / 2
    assert asked[:4] == asked_at
    request.signal = "SIGUSR1"
    for turn in range(100, 130):
        assert is_asked(turn) == (turn in asked), "only what all have agreed on counts"
    assert asked[-1] >= 100


def test_listening__in_another_thread_changes_nothing() -> None:
    before = signal.getsignal(signal.SIGTERM)
    found: list[Any] = []

    def listen() -> None:
        with StopRequest().listening():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert found == [before]


def test_command__says_so_and_has_a_status_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended, user_errors():
        raise TrainingStopped("stopped by SIGTERM after step 3 of 5")
    assert ended.value.code == STOPPED == 75
    assert capsys.readouterr().err == "\nstopped by SIGTERM after step 3 of 5\n"
