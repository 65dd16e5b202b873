"""Write a traced graph as PyTorch's exported program (``.pt2``), and run it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

METADATA_FILE = "argus.json"


def save_program(
    program: torch.export.ExportedProgram, path: Path, metadata: dict[str, Any]
) -> None:
    """Write the file, with the metadata in it."""
    torch.export.save(program, path, extra_files={METADATA_FILE: json.dumps(metadata)})


class TorchRunner:
    """A file in PyTorch on the CPU.

    Args:
        path: Of the file.
        names: Of the outputs.
    """

    def __init__(self, path: Path, names: list[str]) -> None:
        self.module = torch.export.load(path).module()
        self.names = names

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Outputs by name of images (B, 3, H, W)."""
        with torch.no_grad():
            found = self.module(torch.from_numpy(images))
        return {name: value.numpy() for name, value in zip(self.names, found, strict=True)}
