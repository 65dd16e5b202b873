"""The three published copies in small, with labels of rooms that are known exactly."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from argus.datasets.convert import nyuv2_multitask
from argus.datasets.convert.conversion import Options, run
from argus.datasets.convert.normals import decode, encode, parse_axes
from argus.datasets.convert.nyuv2_labeled import millimetres
from argus.datasets.convert.nyuv2_multitask import NYUV2_MULTITASK
from argus.errors import DataError
from tests.datasets.convert.archive_files import image_bytes, read_tree, tar_bytes, write_tree
from tests.datasets.convert.published_numbers import publish
from tests.datasets.convert.rooms import room
from tests.datasets.convert.test_normals import stored_as

YAWS = dict(zip(("0003", "0004", "0005", "0001", "0002"), np.linspace(-0.6, 0.6, 5), strict=True))
LISTS = {"train": ["0003", "0004", "0005"], "val": ["0001", "0002"]}
# The test's own statement of the formats; the normals' axes differ on purpose.
COPIES = {
    "InvPT": dict(image="png", seg="png", depth="npy", normal="png", edge="png", axes="x,y,z"),
    "ATRC": dict(image="jpg", seg="png", depth="npy", normal="npy", edge="npy", axes="x,-y,-z"),
    "ASTMT": dict(image="jpg", seg="mat", depth="mat", normal="jpg", edge="png", axes="-z,y,x"),
}


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def mat(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    savemat(stream, arrays)
    return stream.getvalue()


def truth(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Normals, classes with a void corner, depth, and edges."""
    normals, classes, depth = room(yaw=YAWS[name], pitch=-0.15)
    classes[:2, :2] = 0
    edges = cv2.Laplacian(classes.astype(np.float64), cv2.CV_64F) != 0
    return normals, classes, depth.astype(np.float32), edges


def archive(copy: str) -> dict[str, bytes]:
    formats = COPIES[copy]
    contents = {f"gt_sets/{k}.txt": "\n".join(v).encode() for k, v in LISTS.items()}
    contents |= {"gt_sets/trainval.txt": b"0001\n0003\n", "._gt_sets": b"mac"}
    for name in YAWS:
        normals, classes, depth, edges = truth(name)
        image = np.random.default_rng(int(name)).integers(0, 256, (48, 64, 3), np.uint8)
        contents[f"images/{name}.{formats['image']}"] = image_bytes(image, f".{formats['image']}")
        stored = stored_as(parse_axes(formats["axes"]), normals)
        picture = np.rint((stored * 0.5 + 0.5) * 255).astype(np.uint8)
        contents |= {
            f"segmentation/{name}.{formats['seg']}": (
                mat(segmentation=classes) if formats["seg"] == "mat" else image_bytes(classes)
            ),
            f"depth/{name}.{formats['depth']}": (
                mat(depth=depth) if formats["depth"] == "mat" else npy(depth)
            ),
            f"normals/{name}.{formats['normal']}": (
                npy(stored)
                if formats["normal"] == "npy"
                else image_bytes(picture, f".{formats['normal']}")
            ),
            f"edge/{name}.{formats['edge']}": (
                npy(edges.astype(np.float32))
                if formats["edge"] == "npy"
                else image_bytes(edges.astype(np.uint8) * 255)
            ),
        }
    return {f"NYUD_MT/{name}": content for name, content in contents.items()}


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("num_processes", [1, 2])
def test_nyuv2_multitask__every_copy(
    tmp_path: Path,
    copy: str,
    num_processes: int,
    monkeypatch,
    capsys,
) -> None:
    publish(monkeypatch, "nyuv2-multitask", {"train list": 3, "val list": 2}, rest=5)
    source = write_tree(tmp_path / "s", {"NYUDv2.tar.gz": tar_bytes(archive(copy), "gz")})
    out = tmp_path / "out"
    counts = run(NYUV2_MULTITASK, source / "NYUDv2.tar.gz", out, Options(num_processes))
    assert all(count.is_whole for count in counts)
    assert f"channels of the archive are {COPIES[copy]['axes']}," in capsys.readouterr().out
    for name in YAWS:
        normals, classes, depth, edges = truth(name)
        read = {
            kind: cv2.imread(str(out / kind / f"{name}.png"), cv2.IMREAD_UNCHANGED)
            for kind in ("seg40", "depth", "edge", "normal")
        }
        np.testing.assert_array_equal(read["seg40"], classes)
        np.testing.assert_array_equal(read["depth"], millimetres(depth))
        np.testing.assert_array_equal(read["edge"], edges * 255)
        if copy == "ASTMT":  # JPEG: lossy
            cosine = (decode(read["normal"][..., ::-1]) * normals).sum(-1)
            assert np.mean(cosine) > 0.99
        else:
            error = read["normal"][..., ::-1].astype(int) - encode(normals)
            assert np.abs(error).max() <= 1
        suffix = COPIES[copy]["image"]
        content = archive(copy)[f"NYUD_MT/images/{name}.{suffix}"]
        assert (out / f"image/{name}.{suffix}").read_bytes() == content
    for split, names in LISTS.items():
        assert (out / f"gt_sets/{split}.txt").read_text().split() == names
    assert not (out / ".converted/nyuv2-multitask").exists()
    before = read_tree(out)
    run(NYUV2_MULTITASK, source / "NYUDv2.tar.gz", out, Options())
    assert "up to date" in capsys.readouterr().out
    assert read_tree(out) == before


def test_nyuv2_multitask__read_by_the_data_set(tmp_path: Path) -> None:
    from argus.datasets.nyuv2 import NYUv2
    from argus.datasets.transforms import LoadBoundary, LoadDepth, LoadImage, LoadNormals

    run(NYUV2_MULTITASK, write_tree(tmp_path / "s", archive("ATRC")), tmp_path / "out", Options())
    pipeline = [LoadImage(), LoadDepth(), LoadNormals(), LoadBoundary(positive=255)]
    dataset = NYUv2("gt_sets/val.txt", data_root=str(tmp_path / "out"), pipeline=pipeline)
    assert len(dataset) == 2
    normals, _, depth, edges = truth("0001")
    sample = dataset[0]
    np.testing.assert_allclose(sample["gt_depth"], depth, atol=0.0006)
    np.testing.assert_allclose(sample["gt_normals"], normals, atol=0.01)
    np.testing.assert_array_equal(sample["gt_boundary"], edges)


def test_nyuv2_multitask__goes_on_where_it_stopped(tmp_path: Path, monkeypatch) -> None:
    source = write_tree(tmp_path / "s", {"a.tar": tar_bytes(archive("ATRC"))})
    run(NYUV2_MULTITASK, source, tmp_path / "whole", Options())
    out, original, done = tmp_path / "out", nyuv2_multitask.write_png, []

    def interrupted(path: Path, pixels: np.ndarray) -> None:
        if len(done) == 6:
            raise KeyboardInterrupt
        done.append(path)
        original(path, pixels)

    monkeypatch.setattr(nyuv2_multitask, "write_png", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(NYUV2_MULTITASK, source, out, Options())
    before = {path: path.stat().st_mtime_ns for path in done}
    monkeypatch.setattr(nyuv2_multitask, "write_png", original)
    run(NYUV2_MULTITASK, source, out, Options())
    assert read_tree(out) == read_tree(tmp_path / "whole")
    assert before == {path: path.stat().st_mtime_ns for path in done}


def test_nyuv2_multitask__stated_axes_and_other_sizes(tmp_path: Path, capsys) -> None:
    contents = archive("InvPT")
    small = image_bytes(np.full((24, 32), 255, np.uint8))
    contents["NYUD_MT/edge/0003.png"] = small
    out = tmp_path / "out"
    run(NYUV2_MULTITASK, write_tree(tmp_path / "s", contents), out, Options(normal_axes="-x,y,z"))
    assert "edge: 1 label had another size" in capsys.readouterr().out
    assert (cv2.imread(str(out / "edge/0003.png"), 0) == np.full((48, 64), 255)).all()
    normals, *_ = truth("0003")
    read = cv2.imread(str(out / "normal/0003.png"))[..., ::-1].astype(int)
    assert np.abs(read - encode(normals * [-1, 1, 1])).max() <= 1


def test_nyuv2_multitask__mistakes(tmp_path: Path) -> None:
    contents = archive("InvPT")
    classes = np.full((48, 64), 41, np.uint8)
    wrong = contents | {"NYUD_MT/segmentation/0003.png": image_bytes(classes)}
    options = Options(normal_axes="x,y,z")
    with pytest.raises(DataError, match=r"segmentation/0003.png: label 41: expected 0"):
        run(NYUV2_MULTITASK, write_tree(tmp_path / "1", wrong), tmp_path / "out1", options)
    wrong = contents | {"NYUD_MT/depth/0003.npy": b"no array"}
    with pytest.raises(DataError, match=r"depth/0003.npy: damaged"):
        run(NYUV2_MULTITASK, write_tree(tmp_path / "2", wrong), tmp_path / "out2", options)
    wrong = {name: content for name, content in contents.items() if "images/0004" not in name}
    with pytest.raises(DataError, match="0004 is in a list but not in images"):
        run(NYUV2_MULTITASK, write_tree(tmp_path / "3", wrong), tmp_path / "out3", options)
    wrong = {name: content for name, content in contents.items() if "gt_sets" not in name}
    with pytest.raises(DataError, match=r"no gt_sets/train.txt in it. Expected"):
        run(NYUV2_MULTITASK, write_tree(tmp_path / "4", wrong), tmp_path / "out4", options)
