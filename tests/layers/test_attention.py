"""Attention against the formula by every backend; which one is taken, and when that is measured."""

import itertools
import logging
import sys
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor
from torch.nn.attention import varlen
from torch.utils.checkpoint import checkpoint

from argus.layers import attention, attention_backends, attention_matmul
from argus.layers.attention import Attention, scaled_dot_product, usable_backends
from argus.layers.attention_backends import BACKENDS
from argus.layers.attention_matmul import SHORT
from argus.layers.fastest import Fastest
from argus.layers.packing import Packing

PACKING = Packing(((2, 5), (1, 3), (3, 7)))
CPU = torch.device("cpu")


def formula(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Softmax attention of (B, N, H, D) in float64."""
    logits = torch.einsum("bnhd,bmhd->bhnm", q.double(), k.double()) / q.shape[-1] ** 0.5
    return torch.einsum("bhnm,bmhd->bnhd", logits.softmax(-1), v.double())


def formula_packed(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The same, image by image, of (T, H, D) in the order of ``PACKING``."""
    images = zip(*(tensor.split(PACKING.lengths) for tensor in (q, k, v)), strict=True)
    return torch.cat([formula(*(part[None] for part in image))[0] for image in images])


def numbers(*shape: int, dtype: torch.dtype, device: torch.device) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(3, *shape, generator=generator, dtype=torch.float64).to(device, dtype)
    return [tensor.requires_grad_() for tensor in drawn.unbind(0)]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("device", "dtype"),
    [
        ("cpu", torch.float64),
        pytest.param("cuda", torch.float32, marks=pytest.mark.gpu),
        pytest.param("cuda", torch.bfloat16, marks=pytest.mark.gpu),
    ],
)
def test_backends__equal_softmax_in_float64(device, dtype, backend, packed):
    device = torch.device(device)
    if backend not in usable_backends(device, dtype, 32):
        pytest.skip(f"{backend} does not run here")
    shape = (sum(PACKING.lengths), 3, 32) if packed else (2, 65, 3, 32)
    inputs = numbers(*shape, dtype=dtype, device=device)
    packing = PACKING if packed else None
    found = scaled_dot_product(*inputs, packing=packing, backend=backend)
    expected = (formula_packed if packed else formula)(*inputs)
    weights = torch.linspace(-1, 1, found.numel(), device=device).view_as(found)
    gradients = torch.autograd.grad((found * weights).sum(), inputs)
    exact = torch.autograd.grad((expected * weights).sum(), inputs)
    tolerance = {torch.float64: 1e-12, torch.float32: 1e-5, torch.bfloat16: 2e-2}[dtype]
    for ours, theirs in zip((found, *gradients), (expected, *exact), strict=True):
        torch.testing.assert_close(ours.double(), theirs.double(), atol=tolerance, rtol=tolerance)


def test_scaled_dot_product__keys_may_be_more_than_queries():
    q, k, v = (torch.randn(2, n, 3, 4, dtype=torch.float64) for n in (5, 7, 7))
    torch.testing.assert_close(scaled_dot_product(q, k, v), formula(q, k, v), atol=1e-12, rtol=0)


@pytest.mark.parametrize("backend", ["xformers", "varlen"])
@pytest.mark.parametrize("packed", [False, True])
def test_kernels__are_told_where_each_image_lies(backend, packed, monkeypatch):
    """Their functions, replaced by plain ones that read the same arguments."""

    def from_seqlens(lengths: list[int], *, device: torch.device) -> Tensor:
        return torch.block_diag(*(torch.ones(n, n) for n in lengths)).bool()

    def attend(q: Tensor, k: Tensor, v: Tensor, attn_bias: Tensor | None = None) -> Tensor:
        logits = torch.einsum("bnhd,bmhd->bhnm", q, k) / q.shape[-1] ** 0.5
        if attn_bias is not None:
            logits = logits.masked_fill(~attn_bias, -torch.inf)
        return torch.einsum("bhnm,bmhd->bnhd", logits.softmax(-1), v)

    def varlen_attn(q: Tensor, k: Tensor, v: Tensor, q_ends, k_ends, q_most, k_most) -> Tensor:
        assert q_ends.dtype == k_ends.dtype == torch.int32
        ends = (q_ends, k_ends, k_ends)
        parts = [t.split(e.diff().tolist()) for t, e in zip((q, k, v), ends, strict=True)]
        assert q_most == max(map(len, parts[0])) and k_most == max(map(len, parts[1]))
        images = zip(*parts, strict=True)
        return torch.cat([formula(*(part[None] for part in image))[0] for image in images])

    masks = SimpleNamespace(BlockDiagonalMask=SimpleNamespace(from_seqlens=from_seqlens))
    ops = SimpleNamespace(memory_efficient_attention=attend, fmha=masks)
    monkeypatch.setitem(sys.modules, "xformers.ops", ops)
    monkeypatch.setattr(varlen, "varlen_attn", varlen_attn)
    attention_backends._block_diagonal.cache_clear()
    shape = (sum(PACKING.lengths), 3, 4) if packed else (2, 5, 3, 4)
    inputs = numbers(*shape, dtype=torch.float64, device=CPU)
    found = BACKENDS[backend](*inputs, PACKING if packed else None)
    expected = (formula_packed if packed else formula)(*inputs)
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)
    attention_backends._block_diagonal.cache_clear()


def test_attention__packed_equals_group_by_group():
    torch.manual_seed(0)
    module = Attention(12, 3).double()
    parts = [torch.randn(*group, 12, dtype=torch.float64) for group in PACKING.groups]
    found = PACKING.split(module(PACKING.join(parts), PACKING))
    for ours, part in zip(found, parts, strict=True):
        torch.testing.assert_close(ours, module(part), atol=1e-12, rtol=0)


def test_attention__heads_do_not_mix():
    torch.manual_seed(0)
    module = Attention(8, 2)
    module.proj = torch.nn.Identity()
    x = torch.randn(1, 5, 8)
    before = module(x)
    with torch.no_grad():
        module.qkv.weight[4:8] += 1.0  # the query of the second head
    after = module(x)
    assert torch.equal(before[..., :4], after[..., :4])
    assert not torch.allclose(before[..., 4:], after[..., 4:])


def test_attention__heads_must_divide():
    with pytest.raises(ValueError, match="found 10 and 4"):
        Attention(10, 4)


@pytest.mark.parametrize("tokens", [5, 65, SHORT, SHORT + 1])
def test_matmul__is_as_near_to_the_exact_gradient_as_sdpa(tokens):
    """Also where logits are large, so that a logit in bfloat16 would be off by a sixteenth."""
    inputs = numbers(3, tokens, 2, 64, dtype=torch.bfloat16, device=CPU)
    inputs = [(4 * tensor.detach()).requires_grad_() for tensor in inputs]
    weights = torch.linspace(-1, 1, inputs[0].numel()).view_as(inputs[0])
    exact = torch.autograd.grad((formula(*inputs) * weights.bfloat16()).sum(), inputs)
    found = {}
    for backend in ("sdpa", "matmul"):
        out = scaled_dot_product(*inputs, backend=backend)
        gradients = torch.autograd.grad(out, inputs, weights.bfloat16())
        pairs = zip(gradients, exact, strict=True)
        found[backend] = out, [float((a - b).abs().max() / b.abs().max()) for a, b in pairs]
    assert torch.equal(found["matmul"][0], found["sdpa"][0])
    for ours, theirs in zip(found["matmul"][1], found["sdpa"][1], strict=True):
        assert ours < max(6e-3, 1.2 * theirs)


def test_matmul__many_heads_are_several_chunks(monkeypatch):
    inputs = numbers(3, 9, 5, 4, dtype=torch.float64, device=CPU)
    out = scaled_dot_product(*inputs, backend="matmul")
    whole = torch.autograd.grad(out.square().sum(), inputs, retain_graph=True)
    monkeypatch.setattr(attention_matmul, "_CHUNK", 2 * 9 * 9 + 1)
    for ours, theirs in zip(torch.autograd.grad(out.square().sum(), inputs), whole, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-14, rtol=0)


def test_cpu__takes_matmul_for_bfloat16_gradients_and_measures_nothing(monkeypatch):
    monkeypatch.setattr(attention._fastest, "measure", None)
    assert usable_backends(CPU, torch.bfloat16, 64) == ("sdpa", "matmul")
    assert attention.typical_backend("cpu") == "sdpa"
    for dtype, has_gradient in itertools.product((torch.float32, torch.bfloat16), (False, True)):
        q = torch.randn(1, 5, 2, 4, dtype=dtype, requires_grad=has_gradient)
        expected = "matmul" if has_gradient and dtype == torch.bfloat16 else "sdpa"
        assert attention.attention_backend(q, q, q) == expected
        with torch.no_grad():
            assert attention.attention_backend(q, q, q) == "sdpa"


def test_request__unknown_or_impossible_is_refused(monkeypatch):
    inputs = torch.randn(3, 1, 5, 2, 4).unbind(0)
    with pytest.raises(ValueError, match="expected one of"):
        scaled_dot_product(*inputs, backend="flash")
    for backend in ("xformers", "varlen"):
        with pytest.raises(ValueError, match=f"'{backend}' cannot run .* needs a CUDA device"):
            scaled_dot_product(*inputs, backend=backend)
    monkeypatch.setenv("ARGUS_ATTENTION_BACKEND", "nothing")
    with pytest.raises(ValueError, match="ARGUS_ATTENTION_BACKEND"):
        scaled_dot_product(*inputs)


@pytest.fixture
def measuring(monkeypatch):
    """Two further backends and a clock, on the CPU; ``calls`` has what ran, ``costs`` what it took.

    Each call of a backend takes its cost; the times are those of the trials alone.
    """
    state = SimpleNamespace(calls=[], costs=dict(sdpa=3.0, xformers=2.0, varlen=1.0))

    def backend(name: str):
        def run(q, k, v, packing):
            state.calls.append(name)
            if state.costs[name] is None:
                raise RuntimeError("no kernel image")
            return attention_backends.sdpa(q, k, v, packing)

        return run

    def timer(trial) -> float:
        before = len(state.calls)
        trial()
        return sum(state.costs[name] for name in state.calls[before:])

    monkeypatch.setattr(attention, "BACKENDS", {name: backend(name) for name in state.costs})
    monkeypatch.setattr(attention, "usable_backends", lambda *args: tuple(state.costs))
    monkeypatch.setattr(attention, "_fastest", Fastest("attention", timer))
    return state


def test_choice__is_measured_once_for_a_class_and_logged(measuring, caplog):
    caplog.set_level(logging.INFO)
    q = torch.randn(1, 9, 2, 4)
    out = scaled_dot_product(q, q, q)
    assert measuring.calls == ["sdpa", "xformers", "varlen", "varlen"]
    torch.testing.assert_close(out.double(), formula(q, q, q), atol=1e-6, rtol=0)
    (message,) = caplog.messages
    assert message.startswith("attention of torch.float32 on cpu, 4 channels per head, up to 16 ")
    assert message.endswith("without gradients: varlen (sdpa 3 ms, xformers 2 ms, varlen 1 ms)")
    more = torch.randn(2, 16, 2, 4)  # of the same class
    scaled_dot_product(more, more, more)
    assert measuring.calls[4:] == ["varlen"]


def test_choice__is_another_for_every_class(measuring):
    for dtype, width, tokens, has_gradient, packed in itertools.product(
        (torch.float32, torch.float64), (4, 8), (16, 17), (False, True), (False, True)
    ):
        q = torch.randn(1, tokens, 2, width, dtype=dtype, requires_grad=has_gradient)
        packing = Packing.of([q]) if packed else None
        inputs = [q[0] if packed else q] * 3
        measuring.costs = dict.fromkeys(measuring.costs, 2.0)
        fast = list(measuring.costs)[len(attention._fastest.taken) % 3]
        measuring.costs[fast] = 1.0
        assert attention.attention_backend(*inputs, packing=packing) == fast
    assert len(attention._fastest.taken) == 2**5


def test_choice__survives_a_backend_that_raises(measuring, caplog):
    caplog.set_level(logging.INFO)
    measuring.costs["varlen"] = None
    q = torch.randn(1, 9, 2, 4)
    assert attention.attention_backend(q, q, q) == "xformers"
    assert "varlen fails (RuntimeError: no kernel image)" in caplog.text
    measuring.costs = dict.fromkeys(measuring.costs, None)
    with pytest.raises(RuntimeError, match="no kernel image"):
        scaled_dot_product(*(torch.randn(1, 40, 2, 4),) * 3)


def test_choice__can_be_named_or_kept_from_the_clock(measuring, monkeypatch):
    q = torch.randn(1, 9, 2, 4)
    scaled_dot_product(q, q, q, backend="xformers")
    monkeypatch.setenv("ARGUS_ATTENTION_BACKEND", "sdpa")
    scaled_dot_product(q, q, q)
    monkeypatch.delenv("ARGUS_ATTENTION_BACKEND")
    torch.use_deterministic_algorithms(True)
    try:
        scaled_dot_product(q, q, q)
    finally:
        torch.use_deterministic_algorithms(False)
    assert measuring.calls == ["xformers", "sdpa", "sdpa"]
    assert not attention._fastest.taken


def test_choice__inside_a_checkpoint_leaves_no_trace(measuring):
    """What a trial saves for its backward pass is none of the checkpoint's business."""
    torch.manual_seed(0)
    module = Attention(8, 2)
    x = torch.randn(1, 9, 8, requires_grad=True)
    out = checkpoint(module, x, use_reentrant=False)
    found = torch.autograd.grad(out.square().sum(), [x, *module.parameters()])
    assert [c.has_gradient for c in attention._fastest.taken] == [True]
    expected = torch.autograd.grad(module(x).square().sum(), [x, *module.parameters()])
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_choice__under_inference_mode(measuring):
    q = torch.randn(1, 9, 2, 4, requires_grad=True)
    with torch.inference_mode():
        scaled_dot_product(q, q, q)
    assert [c.has_gradient for c in attention._fastest.taken] == [False]
