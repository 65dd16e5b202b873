"""Checkpoint files: damaged bytes, programs in them, odd values."""

import io
import pickle
import zipfile
from pathlib import Path
from random import Random
from typing import Any

import torch

from argus.model_files.describe import describe
from argus.storage.checkpoint import read_checkpoint, write_checkpoint
from tests.fuzz.mutations import VALUES, alter, damage
from tests.fuzz.surface import Case, Surface, expect

CALLS = (("os", "system"), ("builtins", "exec"), ("subprocess", "call"), ("os", "remove"))


class Checkpoints(Surface):
    """``read_checkpoint``, which everything that opens a ``.pth`` file uses; ``argus info``."""

    name, title, share = "checkpoints", "checkpoint files", 250

    def prepare(self, folder: Path) -> None:
        generator = torch.Generator().manual_seed(0)
        self.state = {
            f"backbone.{i}.weight": torch.randn(6, 7, generator=generator) for i in range(5)
        }
        task = dict(decoder=dict(type="class:mmseg.models.EncoderDecoder"), primary="mIoU")
        meta = dict(
            iter=10,
            time="now",
            tasks=["depth"],
            model=dict(backbone=dict(type="ViT"), tasks=dict(depth=task), precision="fp32"),
        )
        base = dict(name="tiny", sha256="0" * 64, num_tensors=3)
        self.good: dict[str, Any] = dict(state_dict=self.state, meta=meta, base=base)
        path = folder / "good.pth"
        write_checkpoint(path, self.good)
        self.content = path.read_bytes()

    def case(self, random: Random, folder: Path) -> Case:
        path = folder / "iter_10.pth"
        match random.randrange(5):
            case 0:
                module, name = random.choice(CALLS)
                path.write_bytes(evil_archive(self.content, module, name, str(folder / "evil")))
                return Case(f"calls {module}.{name}", lambda: self._read(path), path.name)
            case 1:
                values = (*VALUES, torch.zeros(0), torch.full((2,), float("nan")))
                what, content = alter(random, self.good, values=values)
                write_checkpoint(path, content)
                return Case(f"odd content, {what}", lambda: _describe(path), path.name)
            case _:
                what, damaged = damage(random, self.content)
                path.write_bytes(damaged)
                return Case(what, lambda: self._read(path), path.name)

    def _read(self, path: Path) -> None:
        found = read_checkpoint(path)
        expect(all(found[key] == self.good[key] for key in ("meta", "base")), "other values")
        expect(list(found["state_dict"]) == list(self.state), "other names of tensors")
        for name, value in self.state.items():
            expect(torch.equal(found["state_dict"][name], value), f"another tensor {name}")


def _describe(path: Path) -> None:
    expect(describe(path)["is"] == "checkpoint", "something else than a checkpoint")


def evil_archive(content: bytes, module: str, name: str, argument: str) -> bytes:
    """A checkpoint whose pickle calls a function when it is read."""
    # Protocol 0: GLOBAL, its arguments as a tuple, REDUCE.
    call = f"c{module}\n{name}\n(V{argument}\ntR.".encode()
    assert pickle.STOP == b"."
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as good, zipfile.ZipFile(stream, "w") as evil:
        for item in good.infolist():
            is_pickle = item.filename.endswith("data.pkl")
            evil.writestr(item, call if is_pickle else good.read(item))
    return stream.getvalue()
