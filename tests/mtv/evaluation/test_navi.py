"""NAVI, rebuilt small: cameras in front of a board with a pattern."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.spatial.transform import Rotation

from argus.errors import ConfigError, DataError
from argus.mtv.evaluation.matching.navi_data import drawn_partners, read_shots
from argus.mtv.evaluation.matching.navi_views import object_square, read_view
from argus.mtv.evaluation.navi import EVALUATION, NaviOptions, binned_means, chosen_pairs, run
from tests.mtv.evaluation.pixels import Pixels, noise

SIDE, FOCAL, DISTANCE_MM = 64, 50.0, 400.0
OPTIONS = NaviOptions(size=SIDE, every=1, matches=60)
BOARD = np.kron(noise(16, 16).numpy(), np.ones((2, 2, 1), np.uint8))  # 32 x 32


class MeanColour(Pixels):
    """A quarter turn of a patch changes nothing."""

    def _tokens(self, batch, final_norm):
        return super()._tokens(batch, final_norm).unflatten(-1, (3, -1)).mean(-1)


def camera(turn_degrees: float = 0.0, shift: tuple[float, float] = (0.0, 0.0)) -> dict:
    """In front of the board; it sees its middle ``shift`` pixels from the middle of the picture."""
    turn = Rotation.from_euler("z", turn_degrees, degrees=True)
    x, y = (pixels * DISTANCE_MM / FOCAL for pixels in shift)
    quaternion = turn.as_quat(scalar_first=True).tolist()
    return dict(q=quaternion, t=[x, y, DISTANCE_MM], focal_length=FOCAL)


def write_object(root: Path, name: str, shots: dict) -> Path:
    """Pictures and depth maps by name: camera, board (turned) and the board's shift in pixels."""
    scene, entries = root / name / "wild_set", []
    for folder in ("images", "depth"):
        (scene / folder).mkdir(parents=True, exist_ok=True)
    for stem, (where, board, (x, y)) in shots.items():
        pixels = np.zeros((SIDE, SIDE + 16, 3), np.uint8)
        depth = np.zeros(pixels.shape[:2], np.uint16)
        box = slice(16 + y, 48 + y), slice(24 + x, 56 + x)
        pixels[box], depth[box] = board, round(655350 / DISTANCE_MM)
        Image.fromarray(pixels).save(scene / f"images/{stem}.jpg", format="PNG")
        Image.fromarray(depth).save(scene / f"depth/{stem}.png")
        size = [SIDE, SIDE + 16]
        entries.append(dict(filename=f"{stem}.jpg", image_size=size, camera=where))
    (scene / "annotations.json").write_text(json.dumps(entries))
    return scene / "annotations.json"


@pytest.fixture
def root(tmp_path):
    shots = {
        "000": (camera(), BOARD, (0, 0)),
        "001": (camera(90, (-6, 3)), np.rot90(BOARD, -1), (-6, 3)),
    }
    write_object(tmp_path, "board", shots)
    return tmp_path


def test_run__a_turned_and_moved_camera_is_found(root):
    rows, columns = np.indices((32, 32)) * 8  # each place has a colour of its own
    smooth = np.stack([columns, rows, np.full_like(rows, 255)], -1).astype(np.uint8)
    shots = {
        "000": (camera(), smooth, (0, 0)),
        "001": (camera(90, (-6, 3)), np.rot90(smooth, -1), (-6, 3)),
    }
    write_object(root, "board", shots)
    found = run(MeanColour(), root, OPTIONS)
    assert found.keys() == EVALUATION.metrics.keys()
    # The cut leaves a row and a column of the board off, others when it is turned: 1 px, or 8 mm.
    assert found["recall_2cm"] == found["angle_mean"] == found["recall_5px"] == 100
    angles = {name: value for name, value in found.items() if name.startswith("angle_")}
    seen = [name for name, value in angles.items() if not math.isnan(value)]
    assert len(seen) == 2 and seen[1] in ("angle_60_90", "angle_90_120")


def test_run__another_pattern_is_not_found(root):
    other = np.kron(noise(16, 16, seed=9).numpy(), np.ones((2, 2, 1), np.uint8))
    shots = {"000": (camera(), BOARD, (0, 0)), "001": (camera(20), other, (0, 0))}
    write_object(root, "board", shots)
    found = run(Pixels(), root, OPTIONS)
    assert found["recall_2cm"] < 20 and not math.isnan(found["angle_0_30"])
    assert found["threshold_mean"] == pytest.approx(
        np.mean([found[f"recall_{cm}cm"] for cm in (1, 2, 5)])
    )


def test_read_view__points_are_those_of_the_board(root):
    """Each place of the view is where the board's pixel of that place lies in space."""
    (shots,) = read_shots(root)
    view = read_view(shots[1], size=SIDE, points_scale=0.25)
    assert view.points.shape == (3, 16, 16) and (view.points[2] > 0).all()
    assert view.focal_px == pytest.approx(FOCAL * SIDE / 31)
    place = torch.arange(16) * 4 * 31 // SIDE  # of the cut's 31 pixels
    x = (place + 18 + 0.5 - 40) / FOCAL * DISTANCE_MM / 1000
    y = (place + 19 + 0.5 - 32) / FOCAL * DISTANCE_MM / 1000
    torch.testing.assert_close(view.points[0, 3], x, atol=2e-4, rtol=0)
    torch.testing.assert_close(view.points[1, :, 5], y, atol=2e-4, rtol=0)
    cut = np.rot90(BOARD, -1)[:31, :31]
    index = np.arange(SIDE) * 31 // SIDE
    np.testing.assert_array_equal(np.asarray(view.picture), cut[index][:, index])


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((10, 20, 12, 30), (6, 12, 18)),  # centred on the shorter side
        ((0, 10, 5, 60), (0, 5, 55)),  # at the upper edge: moved down
        ((50, 63, 0, 40), (23, 0, 40)),  # at the lower edge: moved up
    ],
)
def test_object_square__inside_the_picture(box, expected):
    mask = torch.zeros(64, 64, dtype=torch.bool)
    top, bottom, left, right = box
    mask[top : bottom + 1, left : right + 1] = True
    found = object_square(mask, name="a.png")
    assert found == expected
    assert found[0] + found[2] <= 64 and found[1] + found[2] <= 64


def test_binned_means__by_hand():
    values, angles = np.array([1.0, 3.0, 10.0, 7.0]), np.array([0.0, 29.9, 30.0, 119.0])
    found = binned_means(values, angles)
    assert found.pop("angle_60_90") != 0
    assert found == dict(angle_0_30=2.0, angle_30_60=10.0, angle_90_120=7.0)


def test_drawn_partners__within_the_angle_and_never_itself(tmp_path):
    degrees = (0, 10, 100, 130, 300)
    shots = {f"{n:03}": (camera(angle), BOARD, (0, 0)) for n, angle in enumerate(degrees)}
    write_object(tmp_path, "board", shots)
    (found,) = read_shots(tmp_path)
    allowed = {0: {1, 2, 4}, 1: {0, 2, 3, 4}, 2: {0, 1, 3}, 3: {1, 2}, 4: {0, 1}}
    drawn: dict[int, set[int]] = {place: set() for place in allowed}
    for seed in range(40):
        for place, other in enumerate(drawn_partners(found, max_angle=120, seed=seed)):
            drawn[place].add(next(n for n, shot in enumerate(found) if shot is other))
    assert drawn == allowed
    alone = drawn_partners(found[:1], max_angle=120, seed=0)
    assert alone == [None]
    pairs = chosen_pairs([found, found[:1], found], NaviOptions(every=5))
    # Of 11 pictures the 1st, the 6th, which is alone, and the 11th.
    assert [shot.depth.name for shot, _ in pairs] == ["000.png", "004.png"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(filename="../../x.jpg"), "expected the name of a picture as filename"),
        (dict(image_size=[64]), "image_size: expected 2 numbers"),
        (dict(image_size=[64, 0]), "no picture has 64.0 x 0.0 pixels"),
        (dict(camera=dict(camera(), q=[0, 0, 0, 0])), "which is no rotation"),
        (dict(camera=dict(camera(), t=[0, 0, "far"])), "camera.t: expected 3 numbers"),
        (dict(camera=dict(camera(), focal_length=math.nan)), "focal_length: expected a number"),
        (dict(camera=3), "expected an object with a camera"),
    ],
)
def test_read_shots__what_is_wrong_is_said(root, change, message):
    file = root / "board/wild_set/annotations.json"
    entries = json.loads(file.read_text())
    file.write_text(json.dumps([entries[0], entries[1] | change]))
    with pytest.raises(DataError, match=message) as error:
        read_shots(root)
    assert f"{file}, picture 1" in str(error.value)


def test_read_view__what_is_wrong_is_said(root, tmp_path):
    (shots,) = read_shots(root)
    Image.new("L", (SIDE + 16, SIDE), 9).save(shots[0].depth)
    with pytest.raises(DataError, match=r"000.png: expected a depth map of 16 bits.*mode L"):
        read_view(shots[0], size=SIDE, points_scale=0.25)
    Image.fromarray(np.ones((SIDE, SIDE), np.uint16)).save(shots[0].depth)
    with pytest.raises(DataError, match="its depth map has 64 x 64 pixels, its annotation says"):
        read_view(shots[0], size=SIDE, points_scale=0.25)
    Image.fromarray(np.zeros((SIDE, SIDE + 16), np.uint16)).save(shots[0].depth)
    with pytest.raises(DataError, match="no object in the middle"):
        read_view(shots[0], size=SIDE, points_scale=0.25)
    with pytest.raises(DataError, match="Expected NAVI"):
        read_shots(tmp_path / "board")
    with pytest.raises(ConfigError, match="max_angle: expected degrees"):
        run(Pixels(), root, NaviOptions(max_angle=0))
