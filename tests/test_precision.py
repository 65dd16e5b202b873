"""Precision: what ``auto`` takes on a device, what the log says of it, that all follow one rule."""

import logging
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from argus import precision
from argus.api import Argus
from argus.inference import device as inference_device
from argus.precision import autocast, remark_on_precision, resolve_precision
from tests.engine.toy_training import train

# The module's own, which the tests' fixture replaces.
has_bfloat16 = precision.has_bfloat16.__wrapped__


@pytest.fixture(params=[True, False], ids=["with bfloat16", "without"])
def able(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(precision, "has_bfloat16", lambda device_type: request.param)
    return request.param


@pytest.mark.parametrize(
    ("capabilities", "limit", "expected"),
    [
        (dict(avx512_bf16=True), None, True),
        (dict(amx_bf16=True), None, True),
        (dict(avx512_f=True, avx512_bf16=False, amx_bf16=False), None, False),
        (dict(avx2=True), None, False),
        (dict(bf16=True), None, False),  # of ARM, where PyTorch's wheels differ
        (dict(avx512_bf16=True), "AVX512_CORE", False),
        (dict(avx512_bf16=True), "avx2", False),
        (dict(avx512_bf16=True), "AVX512_CORE_BF16", True),
        (dict(avx512_bf16=True), "ALL", True),
    ],
)
def test_processor__has_bfloat16_if_onednn_may_use_its_instructions(
    capabilities: dict, limit: str | None, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    monkeypatch.delenv("DNNL_MAX_CPU_ISA", raising=False)
    if limit:
        monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)
    assert has_bfloat16("cpu") is expected


def test_gpu__emulation_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation
    )
    assert has_bfloat16("cuda") is False


def test_auto__is_what_the_device_has(able: bool) -> None:
    assert resolve_precision("auto", "cpu") == ("bf16" if able else "fp32")
    with autocast("auto", "cpu"):
        assert torch.is_autocast_enabled("cpu") is able
    assert [resolve_precision(name, "cpu") for name in ("bf16", "fp32")] == ["bf16", "fp32"]


def test_remark__slow_bfloat16_is_a_warning(able: bool) -> None:
    level, text = remark_on_precision("auto", "cpu")
    assert level == logging.INFO
    assert text == (
        "precision auto: bf16, since this processor has bfloat16"
        if able
        else "precision auto: fp32, since this processor does not have bfloat16"
    )
    level, text = remark_on_precision("bf16", "cpu")
    if able:
        assert text == ""
    else:
        assert level == logging.WARNING
        assert "hundreds of times as long" in text and text.endswith("Use auto or fp32.")
    assert remark_on_precision("fp32", "cpu")[1] == ""


def test_training__says_it_once_and_keeps_it(
    able: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, runner = train(tmp_path, precision="auto")
    assert runner.precision == ("bf16" if able else "fp32")
    (log,) = tmp_path.glob("*/*.log")
    assert log.read_text().count(remark_on_precision("auto", "cpu")[1]) == 1
    (record,) = tmp_path.glob("*/run.json")
    assert f'"precision": "{runner.precision}"' in record.read_text()
    # A checkpoint keeps the choice, not what this machine made of it.
    assert runner.cfg.precision == "auto"


def test_training__in_the_precision_that_was_said(able: bool, tmp_path: Path) -> None:
    seen = []
    _, runner = train(tmp_path, precision="auto")
    runner.raw_model.backbone.register_forward_hook(
        lambda *_: seen.append(torch.is_autocast_enabled("cpu"))
    )
    with runner.optim_wrapper.optim_context(runner.raw_model):
        runner.raw_model.backbone(torch.zeros(1, 3, 32, 32))
    assert seen == [able]


def test_predictions__follow_the_rule_and_say_it_once(
    able: bool, tiny_model_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    inference_device._say.cache_clear()
    caplog.set_level(logging.INFO)
    for _ in range(2):
        model = Argus.from_pretrained(tiny_model_folder, tasks=["depth"], device="cpu")
    assert model.precision == ("bf16" if able else "fp32")
    assert caplog.text.count("dtype auto: ") == 1
    inference_device._say.cache_clear()


def test_configs__leave_the_choice_to_the_device() -> None:
    config = Config.fromfile(Path(__file__).parents[1] / "configs/stage1_5task.py")
    assert config.precision == "auto"
