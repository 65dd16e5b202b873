"""Methods of TorchJD (https://torchjd.org, 0.18), with what it lacks: state and several processes.

Its methods run on the CPU in float64: they take T losses, or the T x T products of the gradients,
whatever the size of the model. What is drawn at random depends on the seed and the step alone. An
optional extra: ``pip install "argus-multitask[balancing]"``.
"""

import copy
import importlib
import warnings
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from argus.building import building
from argus.datasets.seeding import isolated_rng, stable_seed
from argus.engine.balancing.balancer import Balancer, Factors
from argus.engine.balancing.gram import Gradients, gram
from argus.engine.balancing.module_state import load_module_state, module_state
from argus.errors import ConfigError
from argus.registry import BALANCERS

LOSS_METHODS = ("UW", "IMTLL", "DWA", "STCH", "GeometricMean", "Random")
"""Methods that see the losses; TorchJD's FAMO is not among them, see :class:`FAMO`."""
GRADIENT_METHODS = (
    *("PCGrad", "CAGrad", "NashMTL", "AlignedMTL", "MGDA", "UPGrad", "IMTLG"),
    *("DualProj", "GradVac", "FairGrad"),
)
"""Methods that see the products of the gradients."""


class _TorchJD(Balancer):
    """A method of TorchJD.

    Args:
        method: Name of its class.
        options: Arguments of it; lists become tensors.
    """

    part: str
    methods: tuple[str, ...]

    def __init__(self, method: str, **options: Any) -> None:
        if method not in self.methods:
            raise ConfigError(
                f"balancing.method: expected one of {', '.join(self.methods)}, found {method!r}."
            )
        self.method = method
        self.options = {
            key: torch.tensor(value, dtype=torch.float64)
            if isinstance(value, (list, tuple))
            else value
            for key, value in options.items()
        }
        _part_of_torchjd(self.part)  # a package that is missing is told before anything is built

    def start(self, tasks: Sequence[str], *, device: torch.device, seed: int) -> None:
        """Build the method anew."""
        super().start(tasks, device=device, seed=seed)
        self._device = device
        self._seed = seed
        self._num_steps = 0
        kind = getattr(_part_of_torchjd(self.part), self.method)
        with building(dict(type=kind, **self.options), where="balancing"):
            try:
                self._module: Any = self._build(kind).double()
            except ImportError as error:
                raise ConfigError(f"balancing: {error}") from error
        self._built = module_state(self._module)
        self._before: dict[str, Any] = {}

    def _build(self, kind: Callable[..., nn.Module]) -> nn.Module:
        return kind(**self.options)

    def factors(self, losses: Tensor, gradients: Gradients) -> Factors:
        """Those of the method; ones in a step that is not finite, which is not taken."""
        self._before = module_state(self._module)
        seed = stable_seed("balancing", self._seed, self._num_steps)
        with isolated_rng(seed), warnings.catch_warnings():
            # cvxpy's, of Nash-MTL: that it will not be faster the next time.
            warnings.filterwarnings("ignore", message="You are solving a parameterized problem")
            return self._weigh(losses, gradients)

    @abstractmethod
    def _weigh(self, losses: Tensor, gradients: Gradients) -> Factors:
        """Factors by the method."""

    def after_step(self, losses_again: Callable[[], Tensor]) -> None:
        """Count the step."""
        self._num_steps += 1

    def undo(self) -> None:
        """Put the method back to where it was."""
        self._load_method(self._before)

    def _load_method(self, state: Mapping[str, Any]) -> None:
        load_module_state(self._module, state)

    def state_dict(self) -> dict[str, Any]:
        """State of the method, and the step."""
        state = module_state(self._module, self._built)
        return dict(method=self.method, num_steps=self._num_steps, state=state)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore :meth:`state_dict`; another method begins anew."""
        if state["method"] == self.method:
            self._num_steps = state["num_steps"]
            self._load_method(state["state"])


@BALANCERS.register_module()
class TorchJDLosses(_TorchJD):
    """A scalarization of TorchJD: uncertainty weighting (UW), IMTL-L, DWA and others.

    What a method learns, as the variances of UW, has an Adam of its own.

    Args:
        method: One of :data:`LOSS_METHODS`.
        lr: Learning rate of what the method learns.
        epoch_steps: Steps that count as an epoch for DWA.
        **options: Arguments of the method, as ``temperature`` of DWA or ``mu`` of STCH.
    """

    part = "scalarization"
    methods = LOSS_METHODS

    def __init__(
        self, method: str, *, lr: float = 0.025, epoch_steps: int = 1000, **options: Any
    ) -> None:
        super().__init__(method, **options)
        if lr <= 0 or epoch_steps < 1:
            raise ConfigError(
                f"balancing: expected lr > 0 and epoch_steps >= 1, found {lr} and {epoch_steps}."
            )
        self.lr = lr
        self.epoch_steps = epoch_steps

    def start(self, tasks: Sequence[str], *, device: torch.device, seed: int) -> None:
        """Build the method anew, and an optimizer if it learns."""
        super().start(tasks, device=device, seed=seed)
        learned = list(self._module.parameters())
        self._adam = torch.optim.Adam(learned, lr=self.lr) if learned else None

    def _build(self, kind: Callable[..., nn.Module]) -> nn.Module:
        learns = self.method in ("UW", "IMTLL")
        return kind(**({"shape": len(self.tasks)} if learns else {}), **self.options)

    def _weigh(self, losses: Tensor, gradients: Gradients) -> Factors:
        values = losses.detach().cpu().double().requires_grad_()
        self._module.zero_grad()
        self._module(values).backward()
        assert values.grad is not None
        factors = values.grad.float().to(self._device)
        return Factors(factors, factors)

    def after_step(self, losses_again: Callable[[], Tensor]) -> None:
        """Learn, and end an epoch where one ends."""
        super().after_step(losses_again)
        if self._adam is not None:
            self._adam.step()
        if self.method == "DWA" and self._num_steps % self.epoch_steps == 0:
            self._module.step()

    def state_dict(self) -> dict[str, Any]:
        """State of the method and its optimizer."""
        adam = {} if self._adam is None else copy.deepcopy(self._adam.state_dict()["state"])
        return {**super().state_dict(), "adam": adam}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore :meth:`state_dict`."""
        super().load_state_dict(state)
        if self._adam is not None and state["method"] == self.method:
            packed = self._adam.state_dict()
            packed["state"] = copy.deepcopy(state["adam"])
            self._adam.load_state_dict(packed)


@BALANCERS.register_module()
class TorchJDGradients(_TorchJD):
    """An aggregation of TorchJD: PCGrad, CAGrad, Nash-MTL, Aligned-MTL, MGDA, UPGrad, IMTL-G, ...

    It combines the gradients on what the tasks share; each decoder follows its own task. All of
    them are sums of the tasks' gradients with factors that follow from their products.

    Args:
        method: One of :data:`GRADIENT_METHODS`.
        **options: Arguments of the method, as ``c`` of CAGrad.
    """

    part = "aggregation"
    methods = GRADIENT_METHODS
    needs_gradients = True

    def _build(self, kind: Callable[..., nn.Module]) -> nn.Module:
        is_nash = self.method == "NashMTL"
        return kind(**({"n_tasks": len(self.tasks)} if is_nash else {}), **self.options)

    def _weigh(self, losses: Tensor, gradients: Gradients) -> Factors:
        products = gram(gradients).cpu()
        ones = torch.ones(len(self.tasks), device=self._device)
        present = products.diagonal() > 0
        if not products.isfinite().all() or not present.any():
            return Factors(ones, ones)
        if self._takes_any_number and not present.all():
            # The method would take the zero gradient of a task without labels for its wish.
            shared = torch.zeros(len(self.tasks), dtype=products.dtype)
            shared[present] = self._of_products(products[present][:, present])
        else:
            shared = self._of_products(products)
        return Factors(shared.float().to(self._device), ones)

    @property
    def _takes_any_number(self) -> bool:
        has_sizes = any(isinstance(option, Tensor) for option in self.options.values())
        return not has_sizes and self.method not in ("NashMTL", "GradVac")

    def _of_products(self, products: Tensor) -> Tensor:
        if self.method != "NashMTL":
            return self._module.gramian_weighting(products)
        # It asks for the gradients, and reads their products and norms alone: a square root of the
        # products has the same.
        values, vectors = torch.linalg.eigh(products)
        return self._module.weighting(vectors * values.clamp(min=0).sqrt())

    def _load_method(self, state: Mapping[str, Any]) -> None:
        super()._load_method(state)
        if self.method == "NashMTL" and self._module.weighting.step:
            self._module.weighting._init_optim_problem()


def _part_of_torchjd(part: str) -> Any:
    try:
        return importlib.import_module(f"torchjd.{part}")
    except ImportError as error:
        raise ConfigError(
            "balancing: this method is TorchJD's, which is not installed. Run `pip install "
            '"argus-multitask[balancing]"`, or take FAMO or GradNorm, which need nothing else.'
        ) from error
