"""The contents of ``mmcv._ext``: the operators of this folder by the names that mmcv gives them."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

from argus.errors import ConfigError
from argus.mmcv_ops.deform_conv import (
    deform_conv_backward_input,
    deform_conv_backward_parameters,
    deform_conv_forward,
)
from argus.mmcv_ops.modulated_deform_conv import (
    modulated_deform_conv_backward,
    modulated_deform_conv_forward,
)
from argus.mmcv_ops.ms_deform_attn import ms_deform_attn_backward, ms_deform_attn_forward
from argus.mmcv_ops.nms import nms
from argus.mmcv_ops.nms_match import nms_match
from argus.mmcv_ops.roi_align import roi_align_backward, roi_align_forward
from argus.mmcv_ops.sigmoid_focal_loss import (
    sigmoid_focal_loss_backward,
    sigmoid_focal_loss_forward,
)
from argus.mmcv_ops.softmax_focal_loss import (
    softmax_focal_loss_backward,
    softmax_focal_loss_forward,
)
from argus.mmcv_ops.softnms import softnms


def get_compiler_version() -> str:
    """What mmcv's reports show."""
    return "not available"


def get_compiling_cuda_version() -> str:
    """The word that mmcv has for operators that were not built with CUDA."""
    return "not available"


OPERATORS: dict[str, Callable[..., Any]] = {
    operator.__name__: operator
    for operator in (
        get_compiler_version,
        get_compiling_cuda_version,
        nms,
        softnms,
        nms_match,
        roi_align_forward,
        roi_align_backward,
        sigmoid_focal_loss_forward,
        sigmoid_focal_loss_backward,
        softmax_focal_loss_forward,
        softmax_focal_loss_backward,
        deform_conv_forward,
        deform_conv_backward_input,
        deform_conv_backward_parameters,
        modulated_deform_conv_forward,
        modulated_deform_conv_backward,
        ms_deform_attn_forward,
        ms_deform_attn_backward,
    )
}


def fill(module: ModuleType) -> None:
    """Make a module answer for ``mmcv._ext``.

    ``mmcv.ops`` asks for every operator by name when it is imported, so that all have to be there.
    """
    module.__doc__ = __doc__
    vars(module).update(OPERATORS, __getattr__=absent_operator)


def absent_operator(name: str) -> Callable[..., NoReturn]:
    """An operator that says that it is missing as soon as it is called.

    Raises:
        AttributeError: For the names that Python itself looks for.
    """
    if name.startswith("__"):
        raise AttributeError(name)

    def refuse(*arguments: Any, **named: Any) -> NoReturn:
        raise ConfigError(
            f"mmcv's operator {name!r} is not part of this install: `make install OPS=compiled` "
            "builds them all."
        )

    refuse.__name__ = name
    return refuse
