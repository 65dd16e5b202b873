"""A layer norm and the linear layers that read it, without keeping what passes between them.

Autograd keeps the norm's input for the norm and its output for the linear layers. Here the input
alone is kept, and normalised again in the backward pass: the same numbers, for a pass over the
tokens.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


def normed_linear(tokens: Tensor, norm: nn.LayerNorm, *layers: nn.Linear) -> tuple[Tensor, ...]:
    """Compute ``layer(norm(tokens))`` for each layer.

    Args:
        tokens: (..., C).
        norm: Over C, with weight and bias.
        layers: Linear layers with bias.
    """
    parameters: list[Tensor] = [norm.weight, norm.bias]
    for layer in layers:
        parameters += [layer.weight, layer.bias]
    if torch.is_grad_enabled() and any(p.requires_grad for p in parameters):
        found: tuple[Tensor, ...] = _NormedLinear.apply(  # type: ignore[no-untyped-call]
            tokens, norm.eps, *parameters
        )
        return found
    normed = norm(tokens)
    return tuple(layer(normed) for layer in layers)


class _NormedLinear(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, tokens: Tensor, eps: float, scale: Tensor, shift: Tensor, *parameters: Tensor
    ) -> tuple[Tensor, ...]:
        # Autocast runs a norm in float32, and the linear layers in their own type.
        wide = tokens.to(torch.promote_types(tokens.dtype, scale.dtype))
        normed, mean, deviation = torch.native_layer_norm(wide, scale.shape, scale, shift, eps)
        weights, biases = parameters[::2], parameters[1::2]
        ctx.eps = eps
        ctx.save_for_backward(tokens, mean, deviation, scale, shift, *weights)
        kind = tokens.device.type
        if torch.is_autocast_enabled(kind) and normed.dtype == torch.float32:
            normed = normed.to(torch.get_autocast_dtype(kind))  # once for all layers
        return tuple(F.linear(normed, w, b) for w, b in zip(weights, biases, strict=True))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        tokens, mean, deviation, scale, shift, *weights = ctx.saved_tensors
        wide = tokens.to(torch.promote_types(tokens.dtype, scale.dtype))
        normed = torch.native_layer_norm(wide, scale.shape, scale, shift, ctx.eps)[0].flatten(0, -2)
        # One layer of all outputs: the gradients of the norm's output are summed in the product.
        flat = torch.cat([gradient.flatten(0, -2) for gradient in gradients], dim=1)
        weight = torch.cat([weight.to(flat.dtype) for weight in weights])
        of_normed = (flat @ weight).to(normed.dtype)
        of_weight = (flat.T @ normed.to(flat.dtype)).to(scale.dtype)
        of_bias = flat.sum(0, dtype=scale.dtype)
        sizes = [len(weight) for weight in weights]
        pairs = zip(torch.split(of_weight, sizes), torch.split(of_bias, sizes), strict=True)
        of_parameters = [part for pair in pairs for part in pair]
        of_tokens, of_scale, of_shift = torch.ops.aten.native_layer_norm_backward(
            of_normed.view_as(wide),
            wide,
            scale.shape,
            mean,
            deviation,
            scale,
            shift,
            [ctx.needs_input_grad[0], True, True],
        )
        if of_tokens is not None:
            of_tokens = of_tokens.to(tokens.dtype)
        return of_tokens, None, of_scale, of_shift, *of_parameters
