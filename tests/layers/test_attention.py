"""Attention against the formula; choice of backend."""

import pytest
import torch

from argus.layers.attention import Attention, attention_backend, scaled_dot_product


def test_scaled_dot_product__equals_formula():
    q, k, v = (torch.randn(2, n, 3, 4, dtype=torch.float64) for n in (5, 7, 7))
    logits = torch.einsum("bnhd,bmhd->bhnm", q, k) / 2.0
    expected = torch.einsum("bhnm,bmhd->bnhd", logits.softmax(-1), v)
    torch.testing.assert_close(scaled_dot_product(q, k, v), expected, atol=1e-12, rtol=0)


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


def test_attention_backend__choice(monkeypatch):
    assert attention_backend("cpu") == "sdpa"
    with pytest.raises(ValueError, match="expected one of"):
        attention_backend("cpu", requested="flash")
    with pytest.raises(ValueError, match="needs the package xformers and a CUDA device"):
        attention_backend("cpu", requested="xformers")
    monkeypatch.setenv("ARGUS_ATTENTION_BACKEND", "nothing")
    with pytest.raises(ValueError, match="ARGUS_ATTENTION_BACKEND"):
        scaled_dot_product(*(torch.randn(1, 2, 1, 2),) * 3)


def test_attention__heads_must_divide():
    with pytest.raises(ValueError, match="found 10 and 4"):
        Attention(10, 4)


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_scaled_dot_product__backends_agree_on_cuda(dtype):
    if attention_backend("cuda", dtype, 32) != "xformers":
        pytest.skip("xFormers does not run here")
    q, k, v = (torch.randn(2, 65, 3, 32, device="cuda", dtype=dtype) for _ in range(3))
    tolerance = 1e-5 if dtype == torch.float32 else 2e-2
    torch.testing.assert_close(
        scaled_dot_product(q, k, v, backend="xformers"),
        scaled_dot_product(q, k, v, backend="sdpa"),
        atol=tolerance,
        rtol=tolerance,
    )
