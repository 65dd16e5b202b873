"""No checkpoint is written from weights that are not finite."""

import time
from pathlib import Path

import pytest
import torch

from argus.engine.checkpoints.saving import check_finite
from argus.errors import CheckpointError
from argus.storage.checkpoint import read_checkpoint
from tests.engine.toy_training import train

NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize("value", [NAN, INFINITY, -INFINITY])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
def test_finite__one_value_of_many(value: float, dtype: torch.dtype) -> None:
    good = torch.full((7, 5), 3e38).to(dtype).nan_to_num(posinf=1.0)
    bad = good.clone()
    bad[3, 2] = value
    check_finite(dict(a=good, n=torch.tensor(3), none=torch.zeros(0)), earlier=[])
    for part in ("state_dict", "ema", "training"):
        content = dict(meta=dict(x=INFINITY), good=dict(a=good)) | {part: dict(b=bad)}
        with pytest.raises(CheckpointError, match=f"infinite: {part}/b. .*There is none yet"):
            check_finite(content, earlier=[])


def test_finite__names_are_cut_and_the_last_good_one_is_named() -> None:
    bad = {f"w{i}": torch.tensor(NAN) for i in range(5)}
    with pytest.raises(CheckpointError) as caught:
        check_finite(dict(state_dict=bad), earlier=[Path("iter_4.pth"), Path("iter_2.pth")])
    assert "state_dict/w2 and 2 more" in str(caught.value)
    assert "The last one that is whole is iter_4.pth" in str(caught.value)


def test_finite__is_cheap() -> None:
    """Far from the gigabyte per second of isfinite, which a save would feel."""
    state = dict(a=torch.randn(2**22))
    check_finite(state, earlier=[])
    started = time.process_time()
    check_finite(state, earlier=[])
    looked = time.process_time() - started
    started = time.process_time()
    torch.isfinite(state["a"]).all()
    assert looked < time.process_time() - started


@pytest.mark.parametrize("part", ["weights", "average", "optimizer"])
def test_training__that_turns_bad_keeps_the_good_checkpoint(tmp_path: Path, part: str) -> None:
    """Poisoned between two checkpoints, with one of them kept."""
    name = "decoders.classification.head.fc.weight"

    def poison(runner) -> None:
        parameter = dict(runner.raw_model.named_parameters())[name]
        ema = next(hook for hook in runner.hooks if hasattr(hook, "average"))
        with torch.no_grad():
            if part == "weights":
                parameter[0, 0] = NAN
            elif part == "average":
                ema.average[name][0, 0] = INFINITY
            else:
                runner.optim_wrapper.optimizer.state[parameter]["exp_avg"][0, 0] = NAN

    hooks = dict(
        checkpoint=dict(type="argus.CheckpointHook", interval=2, max_keep_ckpts=1),
        logger=dict(type="argus.ProgressHook", interval=100),
    )
    with pytest.raises(CheckpointError) as caught:
        train(
            tmp_path,
            before_step={4: poison},
            train_cfg=dict(max_iters=6),
            default_hooks=hooks,
            custom_hooks=[dict(type="argus.EMAHook", decay=0.9)],
        )
    # Clipping spreads what is in one weight over all of them.
    stored = dict(
        weights="state_dict/", average=f"ema/{name}", optimizer=f"training/optimizer/{name}"
    )
    assert stored[part] in str(caught.value)
    assert f"The last one that is whole is {tmp_path / 'iter_2.pth'}" in str(caught.value)
    assert [path.name for path in tmp_path.glob("*.pth")] == ["iter_2.pth"]
    check_finite(read_checkpoint(tmp_path / "iter_2.pth"), earlier=[])


@pytest.mark.parametrize("content", [b"", bytes(1000), b"{}"])
def test_reading__what_does_not_begin_as_a_checkpoint_is_told_so(
    tmp_path: Path, content: bytes
) -> None:
    """And not by what torch has to say of its ways to read."""
    path = tmp_path / "iter_2.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(path)
    assert str(path) in str(caught.value) and "mmap" not in str(caught.value)
