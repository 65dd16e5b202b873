"""Folders of models: configs that name anything, odd manifests, damaged tensors."""

import json
from pathlib import Path
from random import Random
from typing import Any

import torch

from argus import Argus
from argus.model_files.describe import describe
from tests.fuzz.mutations import VALUES, alter, damage
from tests.fuzz.surface import Case, Surface, expect
from tests.tiny_model import tiny_model

FILES = ("config.json", "manifest.json", "model.safetensors")
TYPES = (
    *("mmengine.call_command", "os.system", "builtins.exec", "argus.commands.launch.launch"),
    *("class:subprocess.Popen", "class:os.system", "mmengine.load", "mmengine.remove"),
    *("mmpretrain.get_model", "class:mmengine.logging.MMLogger", "class:pathlib.Path"),
    *("class:argus.Argus", "mmseg.FCNHead", "class:torch.nn.Linear", "class:x", "..", "class:"),
)
PARTS: tuple[Any, ...] = (
    *({"type": name} for name in TYPES),
    {"type": "mmengine.call_command", "cmd": ["touch", "evil"]},
    {"type": "Pretrained", "checkpoint": "/tmp/evil.pth"},
    *TYPES,
)


class Models(Surface):
    """``argus info`` and ``Argus.from_pretrained``."""

    name, title, share = "models", "folders of models", 200

    def prepare(self, folder: Path) -> None:
        model = tiny_model("classification")
        model.write(folder / "model")
        self.state = model.state
        self.files = {path.name: path.read_bytes() for path in (folder / "model").iterdir()}

    def case(self, random: Random, folder: Path) -> Case:
        model = folder / "model"
        model.mkdir()
        for name, content in self.files.items():
            (model / name).write_bytes(content)
        name = random.choice((*FILES, "config.json"))
        if name.endswith(".json") and random.random() < 0.8:
            values = (*VALUES, *PARTS) if name == "config.json" else VALUES
            what, value = alter(random, json.loads(self.files[name]), values=values)
            (model / name).write_text(json.dumps(value))
        else:
            length = int.from_bytes(self.files[name][:8], "little") + 8
            header = length if name == "model.safetensors" else 64
            what, damaged = damage(random, self.files[name], header=header)
            (model / name).write_bytes(damaged)

        def run() -> None:
            expect(describe(model)["is"] == "model", "no model")
            loaded = Argus.from_pretrained(model, device="cpu").model.state_dict()
            for key, tensor in self.state.items():
                expect(torch.equal(loaded[key].float(), tensor.float()), f"another tensor {key}")

        return Case(f"{name}: {what}", run)
