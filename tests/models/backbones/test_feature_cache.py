"""Feature maps from disk: the same numbers, and never another image's."""

import shutil
from pathlib import Path

import pytest
import torch

from argus.errors import ConfigError
from argus.models.backbones import PlainViT
from argus.models.backbones.feature_cache import FeatureCache
from tests.models.backbones.toys import toy_adapter, toy_vit


class Counted:
    """A backbone of one line that counts its images."""

    def __init__(self) -> None:
        self.num_images = 0

    def __call__(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        self.num_images += len(images)
        return images * 2.0, images.mean(1, keepdim=True)


def make_cache(root: Path, backbone: str = "b" * 64, **options) -> FeatureCache:
    return FeatureCache(root, backbone=backbone, **options)


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_features__are_bit_equal_and_computed_once(tmp_path: Path, images: torch.Tensor) -> None:
    compute, cache = Counted(), make_cache(tmp_path)
    first = cache.features(images, compute)
    again = make_cache(tmp_path).features(images.flip(0), compute)
    assert compute.num_images == 3
    assert all(torch.equal(a, b.flip(0)) for a, b in zip(first, again, strict=True))
    assert (cache.hits, cache.misses) == (0, 3)


def test_features__compute_only_what_is_missing(tmp_path: Path, images: torch.Tensor) -> None:
    compute, cache = Counted(), make_cache(tmp_path)
    cache.features(images[1:2], compute)
    maps = cache.features(images, compute)
    assert compute.num_images == 3 and (cache.hits, cache.misses) == (1, 3)
    assert torch.equal(maps[0], images * 2.0)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image + torch.finfo(torch.float32).eps * image,
        lambda image: image.transpose(-1, -2).contiguous(),
        lambda image: image[..., :4],
        lambda image: image.reshape(1, 3, 4, 16),
        lambda image: image.double(),
    ],
    ids=["pixel", "turned", "cropped", "size", "type"],
)
def test_features__another_image_is_computed(tmp_path: Path, images: torch.Tensor, change) -> None:
    compute, cache = Counted(), make_cache(tmp_path)
    cache.features(images[:1], compute)
    other = change(images[:1])
    assert torch.equal(cache.features(other, compute)[0], other * 2.0)
    assert cache.hits == 0


def test_features__another_backbone_is_computed(tmp_path: Path, images: torch.Tensor) -> None:
    # The same folder: the first 16 digits agree.
    make_cache(tmp_path, "b" * 64).features(images, Counted())
    cache = make_cache(tmp_path, "b" * 63 + "c")
    cache.features(images, Counted())
    assert cache.hits == 0


def test_features__precision_belongs_to_the_key(tmp_path: Path, images: torch.Tensor) -> None:
    cache = make_cache(tmp_path)
    cache.features(images, Counted())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cache.features(images, Counted())
    assert cache.hits == 0


def test_features__file_in_the_wrong_place_is_not_served(
    tmp_path: Path, images: torch.Tensor
) -> None:
    compute, cache = Counted(), make_cache(tmp_path)
    cache.features(images[:2], compute)
    one, two = sorted(tmp_path.rglob("*.safetensors"))
    shutil.copy(one, two)
    assert torch.equal(cache.features(images[:2], compute)[0], images[:2] * 2.0)
    assert compute.num_images == 3


def test_features__damaged_file_is_computed_anew(tmp_path: Path, images: torch.Tensor) -> None:
    compute, cache = Counted(), make_cache(tmp_path)
    cache.features(images[:1], compute)
    (file,) = tmp_path.rglob("*.safetensors")
    file.write_bytes(file.read_bytes()[:50])
    assert torch.equal(cache.features(images[:1], compute)[0], images[:1] * 2.0)
    assert make_cache(tmp_path).features(images[:1], compute) and compute.num_images == 2


def test_features__stop_at_the_size_asked_for(tmp_path: Path, images: torch.Tensor) -> None:
    cache = make_cache(tmp_path, max_gb=1e-9)
    cache.features(images[:1], Counted())
    assert cache.is_full and make_cache(tmp_path, max_gb=1e-9).is_full
    cache.features(images[1:], Counted())
    assert len(list(tmp_path.rglob("*.safetensors"))) == 1


def test_use_cache__of_a_frozen_backbone(tmp_path: Path, images: torch.Tensor) -> None:
    backbone = toy_adapter()
    with pytest.raises(ConfigError, match="the backbone is trained"):
        backbone.use_cache(make_cache(tmp_path))
    backbone.freeze("toy")
    image = torch.randn(2, 3, 64, 64)
    expected = backbone(image)
    backbone.use_cache(make_cache(tmp_path))
    for _ in range(2):
        assert all(torch.equal(a, b) for a, b in zip(backbone(image), expected, strict=True))
    assert backbone.cache.hits == 2


def test_plain_vit__keeps_one_map_and_gives_all_four(tmp_path: Path) -> None:
    torch.manual_seed(0)
    backbone = PlainViT(toy_vit())
    images = torch.randn(2, 3, 64, 96)
    expected = backbone(images)
    backbone.use_cache(make_cache(tmp_path))
    for _ in range(2):
        found = backbone(images)
        assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
    assert (backbone.cache.hits, backbone.cache.misses) == (2, 2)
    finest = expected[0][0]
    assert backbone.cache.num_bytes < 2 * finest.numel() * finest.element_size() / 8
