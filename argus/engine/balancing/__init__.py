"""How the tasks' losses are combined in a step: a class of :data:`argus.registry.BALANCERS` each.

``balancing=dict(type=FAMO)`` in a config takes one in place of the fixed ``loss_weight`` of each
task. A new one is a subclass of :class:`Balancer`, which sees losses, or gradients too, and gives
factors; ``balanced_schedule`` does the rest: accumulation, processes, memory.
"""

from argus.engine.balancing.balancer import Balancer, Factors
from argus.engine.balancing.famo import FAMO
from argus.engine.balancing.gradnorm import GradNorm
from argus.engine.balancing.torchjd import TorchJDGradients, TorchJDLosses

__all__ = ["FAMO", "Balancer", "Factors", "GradNorm", "TorchJDGradients", "TorchJDLosses"]
