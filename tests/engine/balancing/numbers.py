"""Adam, softmax and two tasks in the plane, in NumPy."""

import math

import numpy as np
import torch


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


class Adam:
    """With an L2 penalty, as torch's."""

    def __init__(self, lr: float, weight_decay: float = 0.0) -> None:
        self.lr = lr
        self.weight_decay = weight_decay
        self.first = self.second = np.zeros(1)
        self.num = 0

    def step(self, value: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        gradient = gradient + self.weight_decay * value
        self.num += 1
        self.first = 0.9 * self.first + 0.1 * gradient
        self.second = 0.999 * self.second + 0.001 * gradient**2
        root = np.sqrt(self.second / (1 - 0.999**self.num)) + 1e-8
        return value - self.lr * self.first / (1 - 0.9**self.num) / root


class TwoValleys:
    """Two quadratic losses of scales 100 and 1, steep in other directions, apart by 2."""

    start = np.array([0.0, 5.0])

    def losses(self, x: np.ndarray) -> np.ndarray:
        steep = 100 * (0.05 * (x[0] - 1) ** 2 + 0.5 * x[1] ** 2 + 0.1)
        return np.array([steep, 0.5 * (x[0] + 1) ** 2 + 0.05 * x[1] ** 2 + 0.1])

    def gradients(self, x: np.ndarray) -> np.ndarray:
        return np.array([[10 * (x[0] - 1), 100 * x[1]], [x[0] + 1, 0.1 * x[1]]])


def tensor(values: np.ndarray) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32)


def rows(gradients: np.ndarray) -> list[list[torch.Tensor]]:
    """Gradients (T, P) as a balancer sees them, of two parameters."""
    return [[tensor(row[:1]), tensor(row[1:])] for row in gradients]


class Plane:
    """The two losses on the plane of CAGrad's and Nash-MTL's papers: valleys, walls, two pulls."""

    start = np.array([9.0, 9.0])

    def losses(self, x: np.ndarray) -> np.ndarray:
        a, b = float(x[0]), float(x[1])
        walls = [
            math.log(max(abs(0.5 * (-a - 7) - math.tanh(-b)), 5e-6)) + 6,
            math.log(max(abs(0.5 * (-a + 3) - math.tanh(-b) + 2), 5e-6)) + 6,
        ]
        pulls = [((-a + s) ** 2 + 0.1 * (-b - 8) ** 2) / 10 - 20 for s in (7, -7)]
        above, below = max(math.tanh(0.5 * b), 0.0), max(math.tanh(-0.5 * b), 0.0)
        return np.array([above * w + below * p for w, p in zip(walls, pulls, strict=True)])

    def gradients(self, x: np.ndarray) -> np.ndarray:
        moves = 1e-6 * np.eye(2)
        return np.stack([(self.losses(x + m) - self.losses(x - m)) / 2e-6 for m in moves], axis=1)
