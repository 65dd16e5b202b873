"""A whole model as a folder: one safetensors file, its config, and a manifest about it.

``model.safetensors`` holds every tensor, the frozen ones too; ``config.json`` what builds and tests
the model; ``manifest.json`` what a person or a program wants to know of it. All are data: reading
runs no code of the file. They change together, and all three bear the mark of their writing, so
that files of two models are found out.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from argus.errors import CheckpointError
from argus.files.durable import json_text, write_json
from argus.files.foreign import foreign_kind
from argus.files.lock import alone_in
from argus.files.together import place_of, replacing_together, settle
from argus.storage.config_values import from_json, to_json
from argus.storage.forms import CONFIG as CONFIG_FORM
from argus.storage.forms import MANIFEST as MANIFEST_FORM

if TYPE_CHECKING:  # a manifest is read without torch, at once
    from collections.abc import Callable

    from torch import Tensor, nn

    SeparateTensors = Callable[[Mapping[str, Any], str], dict[str, Tensor]]

FORMAT = "argus-model-1"
WEIGHTS = "model.safetensors"
CONFIG = "config.json"
MANIFEST = "manifest.json"
FILES = (WEIGHTS, CONFIG, MANIFEST)
_CHECKSUMS = "checksums"
_WRITING = "writing"
_MAX_JSON = 64 * 2**20
_MAX_MISFITS = 3


@dataclass
class ModelFolder:
    """A model and what is known of it.

    Args:
        config: ``backbone``, ``tasks`` and ``precision`` as plain values (:mod:`config_values`).
        state: Tensors by full name.
        manifest: Tasks, classes, sizes, normalisation, metrics, licences, sources.
    """

    config: dict[str, Any]
    state: "dict[str, Tensor]"
    manifest: dict[str, Any]

    @classmethod
    def read(cls, path: str | Path, *, separate: "SeparateTensors | None" = None) -> "ModelFolder":
        """Read a folder.

        Args:
            path: The folder.
            separate: Gives the tensors that a released model names by hash, from what it says of
                them and the prefix of their names; ``read_model`` of
                ``argus.models.backbones.separate_vit`` knows where they are.

        Returns:
            The model in float32, as it is built; it says nothing of its release.

        Raises:
            CheckpointError: If a file is missing or damaged, or of another format; a damaged tensor
                is told by its checksum.
        """
        path = Path(path)
        manifest = read_manifest(path)
        state = _read_tensors(place_of(path, WEIGHTS))
        release = manifest.pop("release", None)
        if release is not None:
            state = {name: _in_float32(tensor) for name, tensor in state.items()}
        if release is not None and "vit" in release:
            prefix = manifest["backbone"].get("frozen", "")
            if separate is None or not prefix:
                raise CheckpointError(
                    f"{path} is a model without its frozen ViT: "
                    + ("it cannot be read here." if prefix else "it does not say where it goes.")
                )
            state |= separate(release["vit"], prefix)
        return cls(config=read_config(path), state=state, manifest=manifest)

    def write(self, path: str | Path) -> None:
        """Write the folder; a model that is there is replaced as a whole, or stays as it is.

        So too if the process is killed: see ``argus.files.together``.

        Raises:
            CheckpointError: If it cannot be written, or another process is writing it.
        """
        from safetensors.torch import save_file

        from argus.files.checksums import checksums

        path = Path(path)
        with _writing(path):
            # Parameters that share memory would be refused, and views written whole.
            tensors = {name: value.clone().contiguous() for name, value in self.state.items()}
            sums, config = checksums(tensors), to_json(self.config)
            content = json.dumps([sums, config], sort_keys=True)
            mark = hashlib.sha256(content.encode()).hexdigest()[:16]
            metadata = {"format": FORMAT, _CHECKSUMS: json.dumps(sums), _WRITING: mark}
            with replacing_together(path, FILES) as (weights, settings, manifest):
                save_file(tensors, weights, metadata=metadata)
                weights.chmod(0o644)  # safetensors writes for the owner alone
                settings.write_text(json_text({**config, _WRITING: mark}), encoding="utf-8")
                manifest.write_text(json_text(self._marked(mark)), encoding="utf-8")

    def add_metrics(self, metrics: Mapping[str, float]) -> None:
        """Note measured values ``{"<task>/<metric>": value}`` of the model's tasks."""
        for name, value in metrics.items():
            task, _, metric = name.partition("/")
            if task in self.manifest["tasks"]:
                self.manifest["tasks"][task]["metrics"][metric] = value

    def write_manifest(self, path: str | Path) -> None:
        """Write the manifest alone, beside the other files; what is said of a release stays.

        Raises:
            CheckpointError: As for :meth:`write`.
        """
        path = Path(path)
        with _writing(path):
            settle(path, FILES)
            mark = _read_json(path / CONFIG).get(_WRITING)
            release = _read_json(path / MANIFEST).get("release")
            kept = {} if release is None else {"release": release}
            write_json(path / MANIFEST, {**self._marked(mark), **kept})

    def _marked(self, mark: str | None) -> dict[str, Any]:
        content = {"format": FORMAT, **self.manifest}
        return content if mark is None else {**content, _WRITING: mark}

    @property
    def backbone(self) -> "dict[str, Tensor]":
        """Tensors of the backbone, by their full names."""
        return {n: v for n, v in self.state.items() if n.startswith("backbone.")}

    def load_into(self, model: "nn.Module", *, tasks: Sequence[str] | None = None) -> None:
        """Load the tensors into the model that the config builds, strictly.

        Args:
            model: The model.
            tasks: The tasks it has; all by default.

        Raises:
            CheckpointError: If the config and the tensors do not fit each other.
        """
        wanted = None if tasks is None else tuple(f"decoders.{task}." for task in tasks)
        state = {
            name: value
            for name, value in self.state.items()
            if wanted is None or not name.startswith("decoders.") or name.startswith(wanted)
        }
        try:
            model.load_state_dict(state, strict=True)
        except RuntimeError as error:
            lines = [line.strip() for line in str(error).splitlines()]
            shown = " ".join(lines[1 : 1 + _MAX_MISFITS]) or lines[0]
            more = len(lines) - 1 - _MAX_MISFITS
            raise CheckpointError(
                f"the config of the model and its tensors do not fit each other: {shown[:600]}"
                + (f" And {more} more." if more > 0 else "")
            ) from error


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Be the only one who writes a folder; what goes wrong is one kind of error."""
    try:
        with alone_in(path):
            yield
    except BlockingIOError as error:
        raise CheckpointError(
            f"model folder {path} is being written by another process: wait for its end, or "
            "name another folder."
        ) from error
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"model folder {path} cannot be written: {error}.") from error


def _in_float32(tensor: "Tensor") -> "Tensor":
    return tensor.float() if tensor.is_floating_point() else tensor


def read_manifest(path: str | Path) -> dict[str, Any]:
    """The manifest of a folder that holds a whole model.

    Raises:
        CheckpointError: If a file is missing, the manifest is damaged or of another format, or the
            three files do not belong together.
    """
    path = Path(path)
    missing = [name for name in FILES if not place_of(path, name).is_file()]
    if missing:
        raise CheckpointError(
            f"{path} is not the folder of a model: {', '.join(missing)} missing. "
            "`argus merge` makes one."
        )
    manifest = _read_json(place_of(path, MANIFEST))
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else type(manifest)
        raise CheckpointError(
            f"{path / MANIFEST}: expected format {FORMAT!r}, found {found!r:.80}."
        )
    MANIFEST_FORM(manifest, str(path / MANIFEST))
    with _opened(
        place_of(path, WEIGHTS), "np"
    ) as file:  # not by torch, which takes seconds to import
        mark = (file.metadata() or {}).get(_WRITING)
    if mark != manifest.pop(_WRITING, None) or mark != _read_marked(path).get(_WRITING):
        raise CheckpointError(
            f"{path / WEIGHTS}, {CONFIG} and {MANIFEST} are not of one writing: files "
            "of two models were mixed. Write the model again, or copy all three from one place."
        )
    return manifest


def read_config(path: str | Path) -> dict[str, Any]:
    """The config of a model's folder, as plain values.

    Raises:
        CheckpointError: If it is damaged.
    """
    config = _read_marked(Path(path))
    config.pop(_WRITING, None)
    return config


def _read_marked(path: Path) -> dict[str, Any]:
    config: dict[str, Any] = _read_json(place_of(path, CONFIG))
    CONFIG_FORM(config, str(path / CONFIG))
    return config


@contextmanager
def _opened(path: Path, framework: str) -> "Iterator[safe_open]":
    try:
        with safe_open(path, framework=framework) as file:
            yield file
    except (SafetensorError, OSError) as error:
        kind = foreign_kind(path) if Path(path).is_file() else None
        if kind is not None:
            raise CheckpointError(f"{path}: {kind}") from error
        raise CheckpointError(f"{path} cannot be read: {error}.") from error


def _read_tensors(path: Path) -> "dict[str, Tensor]":
    """The tensors, held against their checksums; a file of an earlier version has none."""
    from argus.files.checksums import check

    with _opened(path, "pt") as file:
        metadata = file.metadata() or {}
        state = {name: file.get_tensor(name) for name in file.keys()}
    if _CHECKSUMS in metadata:
        check(state, _from_text(metadata[_CHECKSUMS], path), path=path)
    return state


def _read_json(path: Path) -> Any:
    if path.stat().st_size > _MAX_JSON:
        raise CheckpointError(f"{path}: expected at most {_MAX_JSON // 2**20} MiB.")
    kind = foreign_kind(path)
    if kind is not None:
        raise CheckpointError(f"{path}: {kind}.")
    return _from_text(path.read_bytes(), path)


def _from_text(text: str | bytes, path: Path) -> Any:
    try:
        return from_json(json.loads(text))
    except RecursionError as error:
        raise CheckpointError(f"{path} is nested too deep to be a model's.") from error
    except ValueError as error:  # no JSON, no UTF-8, or a number of thousands of digits
        raise CheckpointError(f"{path} is not JSON: {error}.") from error
