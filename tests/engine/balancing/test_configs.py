"""What the configs of Table 4 say fits the adapter."""

from mmengine.config import Config

from argus.engine.balancing.balancer import build_balancer
from argus.registry import MODELS
from tests.test_configs import CONFIGS
from tests.toy_sized import shrink


def test_gradnorm__looks_at_parameters_that_there_are():
    config = shrink(Config.fromfile(CONFIGS / "stage1/gradnorm.py"))
    backbone = MODELS.build(config.backbone)
    names = [name for name, value in backbone.named_parameters() if value.requires_grad]
    seen = build_balancer(config.balancing).parameters_seen(names)
    assert {names[place].split(".")[0] for place in seen} == {"interactions", "up"}
    assert len(seen) < len(names) / 5
