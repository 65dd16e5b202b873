"""``argus mtv``: the answers of the model, pictures that are left out, mistakes."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from argus.mtv import MTV
from tests.commands.command_line import CommandLine, assert_mistake
from tests.mtv.conftest import NAMES


@pytest.fixture
def argus(capfd: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(capfd)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number in range(5):
        image = rng.integers(0, 256, (40 + number, 30, 3), dtype=np.uint8)
        Image.fromarray(image).save(folder / f"photo_{number}.png")
    return folder


def test_names__are_those_of_the_model(argus: CommandLine, folder: Path, photos: Path) -> None:
    words = ["mtv", photos, "--model", folder, "--names", *NAMES, "--batch-size", 2]
    done = argus(*words, "--json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    paths = sorted(photos.iterdir())
    expected = MTV.from_pretrained(folder, device="cpu").classify(paths, NAMES)
    for path, row in zip(paths, expected.tolist(), strict=True):
        assert found[str(path)] == pytest.approx(dict(zip(NAMES, row, strict=True)), abs=1e-5)
        assert list(found[str(path)].values()) == sorted(row, reverse=True) or len(set(row)) < 3
    done = argus(*words, "--top", 1)
    assert done.status == 0 and len(done.out.splitlines()) == 5
    assert done.out.count("%") == 5


def test_search__finds_the_best_and_draws_them(
    argus: CommandLine, folder: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "matches.png"
    words = ["mtv", photos, "--model", folder, "--search", NAMES[0], "--top", 3, "--out", out]
    done = argus(*words)
    assert done.status == 0, done.err
    *lines, last = done.out.splitlines()
    scores = [float(line.split()[0]) for line in lines]
    paths = sorted(photos.iterdir())
    expected = MTV.from_pretrained(folder, device="cpu").similarity(paths, [NAMES[0]])[:, 0]
    assert scores == pytest.approx(sorted(expected.tolist(), reverse=True)[:3], abs=1e-4)
    assert last == str(out) and Image.open(out).width > 320


def test_mistakes__are_told(argus: CommandLine, folder: Path, photos: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_text("no picture")
    common = ["--model", folder, "--names", *NAMES]
    done = argus("mtv", broken, photos / "photo_1.png", *common)
    assert done.status == 3 and "left out" in done.err and "broken.png" in done.err
    assert_mistake(argus("mtv", broken, *common), "no image could be read", "broken.png")
    assert_mistake(argus("mtv", photos, *common, "--top", 0), "--top: expected a number")
    assert_mistake(argus("mtv", photos / "none.png", *common), "no such file or folder")
    assert argus("mtv", photos, "--model", folder).status == 2
