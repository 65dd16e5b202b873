"""What a config may have meant by a name that no registry has."""

import mmdet.datasets.transforms  # noqa: F401 - registers them
import pytest
from mmdet.registry import TRANSFORMS

from argus.building import building
from argus.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("mmdet.LoadImageFromFile", "'LoadImageFromFile'"),  # one of mmcv, which has no prefix
        ("mmdet.LoadAnotations", "'mmdet.LoadAnnotations'"),
    ],
)
def test_hint__is_a_name_that_is_found(name: str, meant: str) -> None:
    config = dict(type=name)
    with pytest.raises(ConfigError, match=f"no transform '{name}'.* Did you mean {meant}"):
        with building(config, where="pipeline[0]"):
            TRANSFORMS.build(config)
    assert TRANSFORMS.get(meant.strip("'")) is not None
