"""Every entry of every registry, in every place of a model's config, against a recorder."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_registries__nothing_in_them_reaches_the_world() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.model_config.walk"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["control"] == 4, "a file made and touched, a folder made and removed"
    assert not found["recorded"], "\n".join(list(found["recorded"])[:20])
    assert found["left"] == ["kept"]
    assert found["tried"] > 40_000 and found["classes"] > 1_000 and found["built"] > 1_000
