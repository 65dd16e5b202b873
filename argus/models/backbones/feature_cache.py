"""Feature maps of a frozen backbone on disk, for pipelines that show an image more than once.

Without random augmentation a decoder sees the same pixels in every epoch, and the backbone, most of
the work of stage 2, need run once per image.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from argus.errors import ConfigError

Maps = tuple[Tensor, ...]
_GIB = 2**30
_FORMAT = "2"  # 1: all four maps of any backbone


class FeatureCache:
    """Maps by what the backbone was given: the key is made of the image's own pixels.

    A file is found by the hash of the backbone (its tensors and settings), of the pixels, their
    size and type, and the autocast that was on. The key is also written into the file and compared
    when it is read, so that a file in the wrong place is not served; one that cannot be read is
    computed anew.

    Args:
        root: Folder of the cache; several backbones may share it.
        backbone: Hash of the backbone's tensors and settings.
        max_gb: Size (GiB) past which nothing more is written.

    Attributes:
        hits: Images served from disk so far, by this process.
        misses: Images that were computed.

    Raises:
        ConfigError: If the folder cannot be made or written.
    """

    def __init__(self, root: str | Path, *, backbone: str, max_gb: float = 100.0) -> None:
        self.folder = Path(root) / backbone[:16]
        self.backbone = backbone
        self.max_bytes = max_gb * _GIB
        self.hits = 0
        self.misses = 0
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"feature_cache.path: {self.folder} cannot be made: {error.strerror}."
            ) from error
        self.num_bytes = sum(file.stat().st_size for file in self.folder.rglob("*.safetensors"))

    @property
    def is_full(self) -> bool:
        """Whether nothing more is written."""
        return self.num_bytes >= self.max_bytes

    @torch.no_grad()
    def features(self, images: Tensor, compute: Callable[[Tensor], Maps]) -> Maps:
        """Maps of images (B, 3, H, W): those on disk, and the rest from one call of ``compute``."""
        keys = [self._key(image) for image in images]
        found = [self._read(key, images.device) for key in keys]
        missing = [index for index, maps in enumerate(found) if maps is None]
        self.hits += len(keys) - len(missing)
        self.misses += len(missing)
        if missing:
            computed = compute(images[missing] if len(missing) < len(keys) else images)
            for row, index in enumerate(missing):
                found[index] = tuple(feature[row] for feature in computed)
                self._write(keys[index], found[index])
        return tuple(torch.stack(level) for level in zip(*filter(None, found), strict=True))

    def _key(self, image: Tensor) -> str:
        device = image.device.type
        precision = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else ""
        digest = hashlib.blake2b(digest_size=20)
        digest.update(f"{self.backbone}|{tuple(image.shape)}|{image.dtype}|{precision}|".encode())
        digest.update(image.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.safetensors"

    def _read(self, key: str, device: torch.device) -> Maps | None:
        try:
            with safe_open(self._path(key), framework="pt") as file:
                if file.metadata() != self._metadata(key):
                    return None
                names = sorted(file.keys())
                return tuple(file.get_tensor(name).to(device) for name in names)
        except (FileNotFoundError, SafetensorError):
            return None

    def _write(self, key: str, maps: Maps | None) -> None:
        if self.is_full or maps is None:
            return
        path = self._path(key)
        path.parent.mkdir(exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.part")
        tensors = {f"map{level}": feature.contiguous().cpu() for level, feature in enumerate(maps)}
        try:
            save_file(tensors, partial, metadata=self._metadata(key))
            os.replace(partial, path)
        except (OSError, SafetensorError):
            self.max_bytes = 0  # a full disk must not stop a training that needs no cache
        else:
            self.num_bytes += path.stat().st_size
        finally:
            partial.unlink(missing_ok=True)

    def _metadata(self, key: str) -> dict[str, str]:
        return {"backbone": self.backbone, "key": key, "format": _FORMAT}
