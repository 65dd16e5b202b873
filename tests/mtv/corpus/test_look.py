"""Labels in numbers and in a picture."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from argus.datasets.shards.writer import ShardWriter
from argus.mtv.corpus.labelled import LabelledShards
from argus.mtv.corpus.statistics import counted_labels
from tests.mtv.data.toy import encoded
from tools.mtv.look import main

RED = (0, 0, 255)  # BGR


def region(text: str, score: float, box: tuple = (0.0, 0.0, 0.5, 0.5)) -> dict:
    return dict(box=list(box), text=text, score=score)


LABELS: dict[str, dict] = {
    "s0": dict(
        regions=[region("ball", 0.25), region("ball", 0.35), region("box", 0.95)],
        tags=["ball", "box", "indoors"],
    ),
    "s1": dict(regions=[], tags=["sky"]),
    "s2": dict(regions=[region("sky", 1.0, (0, 0, 1, 0.95))], tags=["Sky"]),
    "s3": dict(failed="too long"),
}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Shards and their side-cars, as a labelling writes them; of s4 there is no entry."""
    with ShardWriter(tmp_path / "images", samples_per_shard=10) as writer:
        for key in [*LABELS, "s4"]:
            image = np.full((40, 60, 3), RED, np.uint8)
            writer.write(key, dict(png=encoded(image), txt=f"caption of {key}".encode()))
    depth = np.linspace(0, 65535, 20 * 30).reshape(20, 30).astype(np.uint16)
    with ShardWriter(tmp_path / "labels", samples_per_shard=10) as writer:
        for key, own in LABELS.items():
            meta: dict = dict(settings="x")
            members = {}
            if "failed" in own:
                meta["failed"] = dict(depth=own["failed"])
            else:
                meta["regions"] = dict(tagger="toy", tags=own["tags"])
                members["regions.json"] = json.dumps(own["regions"]).encode()
                members["depth.png"] = encoded(depth)
            writer.write(key, members | {"meta.json": json.dumps(meta).encode()})
    return tmp_path / "images", tmp_path / "labels"


def test_statistics__by_hand(folders: tuple[Path, Path]) -> None:
    shards = LabelledShards(folders[0], [folders[1]])
    found = counted_labels(shards.labels(number) for number in range(len(shards)))
    numbers = found.to_dict()
    assert numbers["pictures"] == 5
    assert numbers["without_regions"] == 3  # s1, s3, s4
    assert numbers["without_depth"] == numbers["with_faults"] == 2  # s3 failed, s4 has no entry
    assert numbers["tags_per_picture"]["mean"] == pytest.approx(5 / 3)
    assert numbers["tags_without_a_box"] == pytest.approx(2 / 5)  # indoors, sky of s1
    assert numbers["boxes_per_picture"]["mean"] == pytest.approx(4 / 3)
    assert numbers["boxes_per_name"] == pytest.approx(4 / 3)
    assert numbers["boxes_of_the_whole_picture"] == pytest.approx(1 / 4)
    assert numbers["scores"] == [0, 0, 1, 1, 0, 0, 0, 0, 0, 2]
    assert numbers["most_frequent_names"] == dict(ball=2, box=1, sky=1)
    assert "without any region:    3 (60.0 %)" in str(found)
    assert str(counted_labels([])).count(" -") == 6  # nothing to say, and no error


def test_see__one_that_cannot_be_read_is_told(folders: tuple[Path, Path]) -> None:
    shards = LabelledShards(folders[0], [folders[1]])
    assert shards.notes and "no entry for 1 sample of 5" in shards.notes[0]
    whole, failed, lost = shards.see(0), shards.see(3), shards.see(4)
    assert whole.captions == ("caption of s0",) and not whole.labels.faults
    assert whole.disparity is not None and whole.disparity[0].shape == (20, 30)
    assert np.array_equal(whole.image[0, 0], RED[::-1])
    assert failed.labels.faults == ("depth: too long",) and failed.disparity is None
    assert "no entry for the sample 's4'" in lost.labels.faults[0]


def test_tool__writes_a_sheet_of_all(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "look"
    main([str(folders[0]), "--labels", str(folders[1]), "--out", str(out), "--columns", "1"])
    printed = capsys.readouterr().out
    assert "note: " in printed and "5 pictures in 1 shard" in printed
    numbers = json.loads((out / "statistics.json").read_text())
    assert numbers["distinct_names"] == 3
    sheet = cv2.imread(str(out / "sheet.png"))
    # The left half of every row is the picture; the right is depth, from far to near.
    columns = (sheet == RED).all(-1).sum(0)
    assert columns[: sheet.shape[1] // 4].max() > 500 > columns[sheet.shape[1] // 2 + 10 :].max()
