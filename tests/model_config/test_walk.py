"""Every entry of every registry, in every place of a model's config, against a recorder."""

from tests.forked import call_forked
from tests.model_config import walk


def test_registries__nothing_in_them_reaches_the_world() -> None:
    found = call_forked(walk.main, timeout_s=600)
    assert found["control"] == 4, "a file made and touched, a folder made and removed"
    assert not found["recorded"], "\n".join(list(found["recorded"])[:20])
    assert found["left"] == ["kept"]
    assert found["tried"] > 40_000 and found["classes"] > 1_000 and found["built"] > 1_000
