"""Sampling and the deformable attention module against a brute-force reference."""

import functools
import math

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from argus.layers import ms_deform_attn as msda
from argus.layers.deform_attention import MSDeformAttention
from argus.layers.ms_deform_attn import ms_deform_attn
from argus.layers.ms_deform_attn_bag import ms_deform_attn_bag
from argus.layers.ms_deform_attn_gather import ms_deform_attn_gather
from argus.layers.ms_deform_attn_torch import ms_deform_attn_sampled

SHAPES = [(5, 4), (3, 2)]
ALL_WAYS = (ms_deform_attn, ms_deform_attn_bag, ms_deform_attn_sampled, ms_deform_attn_gather)
WAYS = pytest.mark.parametrize("way", ALL_WAYS)


def brute_force(value: Tensor, shapes, locations: Tensor, weights: Tensor) -> Tensor:
    """Loop over everything: bilinear weights of the four cells around a point, zeros outside."""
    batch, _, heads, channels = value.shape
    out = value.new_zeros(batch, locations.shape[1], heads, channels)
    for b, q, h, level, p in torch.cartesian_prod(
        *(torch.arange(n) for n in locations.shape[:-1])
    ).tolist():
        height, width = shapes[level]
        start = sum(r * c for r, c in shapes[:level])
        x = locations[b, q, h, level, p, 0] * width - 0.5
        y = locations[b, q, h, level, p, 1] * height - 0.5
        left, top = math.floor(x.item()), math.floor(y.item())
        for column in (left, left + 1):
            for row in (top, top + 1):
                if 0 <= column < width and 0 <= row < height:
                    share = (1 - (x - column).abs()) * (1 - (y - row).abs())
                    cell = value[b, start + row * width + column, h]
                    out[b, q, h] = out[b, q, h] + weights[b, q, h, level, p] * share * cell
    return out.flatten(2)


def random_inputs(dtype=torch.float64, queries=3, points=2, shapes=SHAPES, seed=0):
    generator = torch.Generator().manual_seed(seed)
    cells = sum(r * c for r, c in shapes)
    value = torch.randn(2, cells, 2, 3, generator=generator, dtype=dtype)
    size = (2, queries, 2, len(shapes), points)
    locations = torch.rand(*size, 2, generator=generator, dtype=dtype) * 1.6 - 0.3
    weights = torch.rand(size, generator=generator, dtype=dtype)
    return [tensor.requires_grad_() for tensor in (value, locations, weights)]


@WAYS
def test_ms_deform_attn__equals_brute_force_in_values_and_gradients(way):
    value, locations, weights = random_inputs()
    out = way(value, SHAPES, locations, weights)
    expected = brute_force(value, SHAPES, locations, weights)
    assert (locations < 0).any() and (locations > 1).any(), "points outside have to be covered"
    torch.testing.assert_close(out, expected, atol=1e-12, rtol=0)
    cotangent = torch.randn_like(out)
    inputs = (value, locations, weights)
    found = torch.autograd.grad((out * cotangent).sum(), inputs)
    wanted = torch.autograd.grad((expected * cotangent).sum(), inputs)
    for gradient, reference in zip(found, wanted, strict=True):
        torch.testing.assert_close(gradient, reference, atol=1e-10, rtol=0)


@WAYS
def test_ms_deform_attn__gradcheck(way):
    value, locations, weights = random_inputs(queries=2, shapes=[(3, 2), (2, 2)], seed=3)
    assert torch.autograd.gradcheck(
        lambda v, x, w: way(v, [(3, 2), (2, 2)], x, w), (value, locations, weights)
    )


@WAYS
def test_ms_deform_attn__far_outside_is_zero_with_finite_gradients(way):
    value, locations, weights = random_inputs(dtype=torch.float32)
    far = (locations.detach() * 1e8 + 1e10).requires_grad_()  # beyond 32-bit integers
    out = way(value, SHAPES, far, weights)
    assert (out == 0).all()
    gradients = torch.autograd.grad(out.sum(), (value, far, weights))
    assert all((gradient == 0).all() for gradient in gradients)


def test_ms_deform_attn__ways_agree_on_larger_maps():
    shapes = [(30, 30), (15, 30)]
    inputs = random_inputs(dtype=torch.float32, queries=40, points=4, shapes=shapes)
    results = []
    for way in ALL_WAYS:
        out = way(inputs[0], shapes, inputs[1], inputs[2])
        results.append((out, *torch.autograd.grad(out.sin().sum(), inputs)))
    for other in results[1:]:
        for found, expected in zip(other, results[0], strict=True):
            torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_ms_deform_attn__float32_under_autocast():
    value, locations, weights = random_inputs(dtype=torch.float32)
    reference = ms_deform_attn(value, SHAPES, locations, weights)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(ms_deform_attn(value, SHAPES, locations, weights), reference)
        narrow = ms_deform_attn(value.bfloat16(), SHAPES, locations, weights)
    assert narrow.dtype == torch.bfloat16
    # Only the values were rounded: the error is one rounding of in- and output, not of positions.
    wide = ms_deform_attn(value.bfloat16().float(), SHAPES, locations, weights)
    assert torch.equal(narrow, wide.bfloat16())


def test_ms_deform_attn__keeps_no_samples_for_the_backward_pass():
    """Of 8 channels in 4 points a query they would be eight times what is kept."""
    value, locations, weights = random_inputs(dtype=torch.float32, queries=400, points=4)
    kept = {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        ms_deform_attn_bag(value, SHAPES, locations, weights).sum()
    num_points = weights.numel()
    # The values with a row of zeros; of each point four cells, a place of two numbers, a weight.
    assert sum(kept.values()) == 4 * (value.numel() + value.shape[-1] + 7 * num_points)


def test_ms_deform_attn__shapes_alone_give_those_of_the_gradients():
    inputs = random_inputs()
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        fake = [mode.from_tensor(tensor) for tensor in inputs]
        out = ms_deform_attn(fake[0], SHAPES, *fake[1:])
        gradients = torch.autograd.grad(out.sum(), fake)
    assert [tensor.shape for tensor in gradients] == [tensor.shape for tensor in inputs]


def test_ms_deform_attn__backward_inside_autocast_stays_float32():
    inputs = random_inputs(dtype=torch.float32)
    outside = torch.autograd.grad(ms_deform_attn(inputs[0], SHAPES, *inputs[1:]).sum(), inputs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = torch.autograd.grad(ms_deform_attn(inputs[0], SHAPES, *inputs[1:]).sum(), inputs)
    for found, expected in zip(inside, outside, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_ms_deform_attn__inference_mode_first_then_training():
    """Level sizes are cached: a cache filled in inference mode must not break backward."""
    shapes = [(4, 7), (2, 5)]
    value, locations, weights = random_inputs(shapes=shapes)
    module = make_attention().eval()
    query, tokens = torch.randn(2, 3, 8).double(), torch.randn(2, 38, 8).double()
    reference = torch.rand(2, 3, 1, 2).double()
    with torch.inference_mode():
        ms_deform_attn(value, shapes, locations, weights)
        module(query, reference, tokens, shapes)
    ms_deform_attn(value, shapes, locations, weights).sum().backward()
    module(query, reference, tokens, shapes).sum().backward()
    assert locations.grad.abs().max() > 0 and module.sampling_offsets.weight.grad.abs().max() > 0


def test_ms_deform_attn__wrong_levels_are_named():
    value, locations, weights = random_inputs()
    with pytest.raises(ValueError, match="found 24 cells and 26 tokens"):
        ms_deform_attn(value, [(6, 3), (3, 2)], locations, weights)


def test_backend__unknown_and_impossible_names(monkeypatch):
    with pytest.raises(ValueError, match="expected one of"):
        msda.set_ms_deform_attn_backend("cudnn")
    monkeypatch.setenv("ARGUS_MSDA_BACKEND", "fast")
    with pytest.raises(ValueError, match="found 'fast'"):
        msda.ms_deform_attn_backend("cuda")
    assert msda.ms_deform_attn_backend("cpu") == "torch"


@pytest.mark.skipif(torch.cuda.is_available(), reason="the two need a GPU to be missing")
@pytest.mark.parametrize("name", ["mmcv", "deformops"])
def test_backend__says_what_is_missing(name):
    with pytest.raises(ValueError, match="needs a CUDA device"):
        msda.set_ms_deform_attn_backend(name)


def test_backend__context_manager_restores(monkeypatch):
    monkeypatch.delenv("ARGUS_MSDA_BACKEND", raising=False)
    monkeypatch.setattr(
        msda, "missing_for_backends", lambda: {"deformops": "x", "mmcv": "", "torch": ""}
    )
    assert msda.ms_deform_attn_backend("cuda") == "mmcv"
    with msda.use_ms_deform_attn_backend("torch"):
        assert msda.ms_deform_attn_backend("cuda") == "torch"
    assert msda.ms_deform_attn_backend("cuda") == "mmcv"
    monkeypatch.setenv("ARGUS_MSDA_BACKEND", "torch")
    assert msda.ms_deform_attn_backend("cuda") == "torch"


def test_backend__gather_by_name_alone(monkeypatch):
    calls = []
    monkeypatch.setattr(
        msda, "ms_deform_attn_gather", lambda *a: calls.append(1) or ms_deform_attn_gather(*a)
    )
    value, locations, weights = random_inputs(dtype=torch.float32)
    expected = ms_deform_attn(value, SHAPES, locations, weights)
    assert not calls
    with msda.use_ms_deform_attn_backend("gather"):
        assert {msda.ms_deform_attn_backend(device) for device in ("cpu", "cuda")} == {"gather"}
        found = ms_deform_attn(value, SHAPES, locations, weights)
    assert calls and msda.ms_deform_attn_backend("cpu") == "torch"
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def torch_kernel(value, shapes, locations, weights):
    return ms_deform_attn_sampled(value, shapes, locations, weights)


def silent_zeros(value, shapes, locations, weights):
    """What mmcv returns when its kernel was built for another GPU."""
    return torch_kernel(value, shapes, locations, weights) * 0


def no_backward(value, shapes, locations, weights):
    return torch_kernel(value, shapes, locations.detach(), weights)


def no_compiler(*arguments):
    raise OSError("Failed to find C compiler\nhint")


@pytest.mark.parametrize(
    ("kernel", "reason"),
    [
        (torch_kernel, ""),
        (silent_zeros, "AssertionError"),
        (no_backward, "RuntimeError"),
        (no_compiler, "(OSError: Failed to find C compiler)"),
    ],
)
def test_backend__is_tried_before_auto_chooses_it(kernel, reason, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(msda.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(msda, "_run_deformops", kernel)
    monkeypatch.setattr(msda, "_failure", functools.partial(msda._failure, device="cpu"))
    monkeypatch.delenv("ARGUS_MSDA_BACKEND", raising=False)
    msda.missing_for_backends.cache_clear()
    draws = torch.get_rng_state()
    try:
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            assert reason in msda.missing_for_backends()["deformops"]
            assert (msda.ms_deform_attn_backend("cuda") == "deformops") == (not reason)
        if reason:
            with pytest.raises(ValueError, match="needs a kernel that runs on this GPU"):
                msda.set_ms_deform_attn_backend("deformops")
    finally:
        msda.missing_for_backends.cache_clear()
    assert torch.equal(torch.get_rng_state(), draws)


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["mmcv", "deformops"])
def test_ms_deform_attn__cuda_backends_agree(name):
    if msda.missing_for_backends()[name]:
        pytest.skip(f"needs {msda.missing_for_backends()[name]}")
    inputs = [
        tensor.detach().cuda().requires_grad_() for tensor in random_inputs(dtype=torch.float32)
    ]
    results = []
    for backend in ("torch", name):
        with msda.use_ms_deform_attn_backend(backend):
            out = ms_deform_attn(inputs[0], SHAPES, inputs[1], inputs[2])
        results.append((out, *torch.autograd.grad(out.square().sum(), inputs)))
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def make_attention(value_ratio=1.0, dtype=torch.float64) -> MSDeformAttention:
    torch.manual_seed(0)
    module = MSDeformAttention(8, 2, 2, 2, value_ratio).to(dtype)
    for layer in (module.sampling_offsets, module.attention_weights):
        torch.nn.init.normal_(layer.weight, std=0.3)
    return module


@pytest.mark.parametrize("numbers", [2, 4])
def test_attention__equals_formula(numbers):
    module = make_attention(value_ratio=0.5)
    query = torch.randn(2, 3, 8, dtype=torch.float64)
    value = torch.randn(2, 26, 8, dtype=torch.float64)
    reference = torch.rand(2, 3, 2, numbers, dtype=torch.float64)
    out = module(query, reference, value, SHAPES)

    offsets = module.sampling_offsets(query).view(2, 3, 2, 2, 2, 2)  # B Q H L P xy
    weights = module.attention_weights(query).view(2, 3, 2, 4).softmax(-1).view(2, 3, 2, 2, 2)
    locations = torch.zeros_like(offsets)
    for level, (height, width) in enumerate(SHAPES):
        for axis, size in enumerate((width, height)):
            step = 1 / size
            if numbers == 4:
                step = reference[:, :, None, level, None, 2 + axis] * 0.5 / 2
            centre = reference[:, :, None, level, None, axis]
            locations[:, :, :, level, :, axis] = centre + offsets[:, :, :, level, :, axis] * step
    values = module.value_proj(value).view(2, 26, 2, 2)
    expected = module.output_proj(brute_force(values, SHAPES, locations, weights))
    torch.testing.assert_close(out, expected, atol=1e-12, rtol=0)


def test_attention__shared_references_equal_expanded_ones():
    module = make_attention()
    query, value = torch.randn(2, 3, 8).double(), torch.randn(2, 26, 8).double()
    reference = torch.rand(1, 3, 1, 2).double()
    shared = module(query, reference, value, SHAPES)
    assert torch.equal(shared, module(query, reference.expand(2, 3, 2, 2), value, SHAPES))


def test_attention__padding_counts_as_zero():
    module = make_attention()
    query, value = torch.randn(2, 3, 8).double(), torch.randn(2, 26, 8).double()
    reference = torch.rand(2, 3, 2, 2).double()
    mask = torch.zeros(2, 26, dtype=torch.bool)
    mask[:, ::2] = True
    out = module(query, reference, value, SHAPES, key_padding_mask=mask)
    changed = torch.where(mask[..., None], torch.randn_like(value), value)
    assert torch.equal(out, module(query, reference, changed, SHAPES, key_padding_mask=mask))
    assert not torch.equal(out, module(query, reference, value, SHAPES))


def test_attention__starts_on_a_ring_with_uniform_weights():
    module = MSDeformAttention(16, 4, 2, 3)
    assert not module.sampling_offsets.weight.any() and not module.attention_weights.weight.any()
    bias = module.sampling_offsets.bias.detach().view(4, 2, 3, 2)
    directions = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    for point in range(3):
        expected = directions[:, None].expand(4, 2, 2) * (point + 1)
        torch.testing.assert_close(bias[:, :, point], expected, atol=1e-6, rtol=0)


def test_attention__bad_sizes():
    with pytest.raises(ValueError, match="divisible by num_heads"):
        MSDeformAttention(8, 3, 1, 1)
    module = make_attention()
    with pytest.raises(ValueError, match="2 numbers"):
        module(
            torch.randn(1, 3, 8).double(),
            torch.rand(1, 3, 2, 3).double(),
            torch.randn(1, 26, 8).double(),
            SHAPES,
        )
