"""Human parts against the real files, the rest on an archive in small."""

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy.io import loadmat, savemat

from argus.datasets.convert import pascal
from argus.datasets.convert.conversion import Options, run
from argus.datasets.convert.human_parts import LABELS, PARTS, human_parts
from argus.datasets.convert.normals import encode, parse_axes
from argus.datasets.convert.pascal import INDOOR_CLASSES, PASCAL
from argus.errors import DataError
from tests.datasets.convert.archive_files import image_bytes, read_tree, tar_bytes, write_tree
from tests.datasets.convert.published_numbers import publish
from tests.datasets.convert.rooms import CEILING, FLOOR, WALL, room
from tests.datasets.convert.test_normals import stored_as
from tests.real_data.samples import SAMPLES, needs_samples

REAL = SAMPLES / "pascal_mt"
LISTS = {"train": ["2008_000001", "2008_000002", "2008_000003"], "val": ["2008_000004"]}
NAMES = [name for names in LISTS.values() for name in names]
PEOPLE = {"2008_000001", "2008_000004"}
AXES = "x,-y,-z"
CONTEXT = {WALL: 440, FLOOR: 158, CEILING: 68}  # labels of the room in the 459 classes
GRASS = 187


def part_file(objects: list[tuple[int, np.ndarray, list[tuple[str, np.ndarray]]]]) -> bytes:
    """A file of PASCAL-Part: objects of (class, mask, parts of (name, mask))."""
    fields = ("class", "class_ind", "mask", "parts")
    records = np.zeros((1, len(objects)), dtype=[(name, "O") for name in fields])
    for index, (number, mask, parts) in enumerate(objects):
        stored: Any = np.zeros((0, 0))
        if parts:
            stored = np.zeros((1, len(parts)), dtype=[("part_name", "O"), ("mask", "O")])
            for place, part in enumerate(parts):
                stored[0, place] = part
        records[0, index] = ("x", float(number), mask.astype(np.uint8), stored)
    stream = io.BytesIO()
    savemat(stream, {"anno": {"imname": "x", "objects": records}})
    return stream.getvalue()


def anno(content: bytes) -> Any:
    return loadmat(io.BytesIO(content))["anno"]


def mask(*box: int) -> np.ndarray:
    result = np.zeros((48, 64), bool)
    y0, y1, x0, x1 = box
    result[y0:y1, x0:x1] = True
    return result


PERSON_FILE = part_file(
    [
        (8, mask(0, 40, 0, 60), []),  # a cat over everything
        (15, mask(0, 20, 0, 20), [("torso", mask(0, 20, 0, 20)), ("head", mask(0, 5, 0, 20))]),
        (15, mask(30, 40, 0, 20), [("luarm", mask(30, 35, 0, 9)), ("rfoot", mask(33, 40, 0, 9))]),
    ]
)


def expected_parts() -> np.ndarray:
    result = np.zeros((48, 64), np.uint8)
    result[0:20, 0:20] = 2
    result[0:5, 0:20] = 1
    result[30:35, 0:9] = 3
    result[33:40, 0:9] = 6
    return result


def test_human_parts__order_of_painting() -> None:
    np.testing.assert_array_equal(human_parts(anno(PERSON_FILE)), expected_parts())


def test_human_parts__no_people_no_parts_and_unknown_parts() -> None:
    whole = mask(0, 48, 0, 64)
    assert human_parts(anno(part_file([(8, whole, [("head", whole)])]))) is None
    assert human_parts(anno(part_file([(15, mask(0, 0, 0, 0), [])]))) is None
    found = human_parts(anno(part_file([(15, whole, [])])))
    assert found is not None and not found.any()
    with pytest.raises(DataError, match="unknown part of a person: 'tail'"):
        human_parts(anno(part_file([(15, whole, [("tail", whole)])])))


def test_labels__the_24_parts_in_six_groups() -> None:
    assert len(LABELS) == 24
    groups = {part: {name for name, label in LABELS.items() if PARTS[label] == part}
              for part in PARTS[1:]}  # fmt: skip
    assert groups["torso"] == {"torso", "neck"}
    assert groups["upper arm"] == {"luarm", "ruarm"}
    assert groups["lower arm"] == {"llarm", "rlarm", "lhand", "rhand"}
    assert groups["upper leg"] == {"luleg", "ruleg"}
    assert groups["lower leg"] == {"llleg", "rlleg", "lfoot", "rfoot"}
    assert len(groups["head"]) == 10


@needs_samples
def test_human_parts__real_files() -> None:
    files = sorted((REAL / "human_parts").glob("*.mat"))
    people = []
    for path in files:
        found = human_parts(loadmat(path)["anno"])
        if found is None:
            assert not (REAL / "human_parts_png" / f"{path.stem}.png").exists()
            continue
        people.append(path.stem)
        derived = np.array(Image.open(REAL / "human_parts_png" / f"{path.stem}.png"))
        np.testing.assert_array_equal(found, derived)
    assert len(files) == 18
    assert people == (REAL / "ImageSets/person.txt").read_text().split()


def truth(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Normals, classes of the 459, saliency in grey values, classes of the 21."""
    index = NAMES.index(name)
    normals, classes, _ = room(yaw=-0.4 + 0.3 * index, pitch=-0.15)
    context = np.zeros(classes.shape, np.uint16)
    for label, number in CONTEXT.items():
        context[classes == label] = number
    context[:, 30:34] = GRASS  # the network has not seen it
    rng = np.random.default_rng(index)
    saliency = rng.integers(0, 256, classes.shape, np.uint8)
    semantic = rng.choice(np.array([*range(21), 255], np.uint8), classes.shape)
    return normals, context, saliency, semantic


def archive() -> dict[str, bytes]:
    contents = {f"ImageSets/Context/{k}.txt": "\n".join(v).encode() for k, v in LISTS.items()}
    # What the owners' own code made and packed with it, and a picture of no list.
    contents["ImageSets/Parts/train.txt"] = b'{\n\t"2008_000001": [15, -1]\n}\n'
    contents["ImageSets/Context/trainval.txt"] = "\n".join(NAMES).encode()
    contents["human_parts/2008_000009.mat"] = part_file([])
    for name in NAMES:
        normals, context, saliency, semantic = truth(name)
        stream = io.BytesIO()
        savemat(stream, {"LabelMap": context})
        stored = stored_as(parse_axes(AXES), normals)
        picture = np.rint((stored * 0.5 + 0.5) * 255).astype(np.uint8)
        folder = "pascal-context" if name.endswith("3") else "VOC12"
        palette = Image.fromarray(semantic)
        palette.putpalette(np.random.default_rng(0).integers(0, 256, 768).tolist())
        semantic_file = io.BytesIO()
        palette.save(semantic_file, "PNG")
        no_people = part_file([(8, mask(0, 9, 0, 9), [])])
        contents |= {
            f"JPEGImages/{name}.jpg": image_bytes(picture, ".jpg"),
            f"human_parts/{name}.mat": PERSON_FILE if name in PEOPLE else no_people,
            f"semseg/{folder}/{name}.png": semantic_file.getvalue(),
            f"sal_distill/{name}.png": image_bytes(saliency),
            f"normals_distill/{name}.png": image_bytes(picture),
            f"pascal-context/trainval/{name}.mat": stream.getvalue(),
        }
    return {f"PASCAL_MT/{name}": content for name, content in contents.items()}


@pytest.mark.parametrize("num_processes", [1, 2])
def test_pascal__archive(tmp_path: Path, num_processes: int, monkeypatch, capsys) -> None:
    publish(monkeypatch, "pascal", {"train list": 3, "val list": 1}, rest=4)
    contents = archive()
    source = write_tree(tmp_path / "s", {"PASCAL_MT.tgz": tar_bytes(contents, "gz")})
    out = tmp_path / "out"
    counts = run(PASCAL, source, out, Options(num_processes))
    assert all(count.is_whole for count in counts)
    text = capsys.readouterr().out
    assert f"channels of the archive are {AXES}," in text
    assert "train: 1 of 3 pictures have people" in text
    for name in NAMES:
        normals, context, saliency, semantic = truth(name)
        read = {
            kind: cv2.imread(str(out / kind / f"{name}.png"), cv2.IMREAD_UNCHANGED)
            for kind in ("semseg", "saliency", "normal", "human_parts_png")
        }
        np.testing.assert_array_equal(read["semseg"], semantic)
        np.testing.assert_array_equal(read["saliency"], (saliency > 127) * 255)
        indoor = np.isin(context, INDOOR_CLASSES)
        assert indoor.any() and not indoor[:, 30:34].any()
        error = read["normal"][..., ::-1].astype(int) - encode(normals)
        assert np.abs(error[indoor]).max() <= 1
        assert (read["normal"][~indoor] == 128).all()
        if name in PEOPLE:
            np.testing.assert_array_equal(read["human_parts_png"], expected_parts())
        else:
            assert read["human_parts_png"] is None
        image = (out / f"JPEGImages/{name}.jpg").read_bytes()
        assert image == contents[f"PASCAL_MT/JPEGImages/{name}.jpg"]
    for split, names in LISTS.items():
        assert (out / f"ImageSets/{split}.txt").read_text().split() == names
        people = (out / f"ImageSets/person_{split}.txt").read_text().split()
        assert people == [name for name in names if name in PEOPLE]
    before = read_tree(out)
    run(PASCAL, source, out, Options())
    assert "up to date" in capsys.readouterr().out
    assert read_tree(out) == before


def test_pascal__read_by_the_data_set(tmp_path: Path) -> None:
    from argus.datasets.pascal_context import PascalContext

    run(PASCAL, write_tree(tmp_path / "s", archive()), tmp_path / "out", Options())
    for split, names in LISTS.items():
        both = PascalContext(f"ImageSets/{split}.txt", data_root=str(tmp_path / "out"))
        assert len(both) == len(names)
        people = PascalContext(
            f"ImageSets/{split}.txt", labels=("parsing",), data_root=str(tmp_path / "out")
        )
        found = {Path(people.get_data_info(i)["img_path"]).stem for i in range(len(people))}
        assert found == PEOPLE & set(names)


def test_pascal__goes_on_where_it_stopped(tmp_path: Path, monkeypatch) -> None:
    source = write_tree(tmp_path / "s", {"a.tar": tar_bytes(archive())})
    run(PASCAL, source, tmp_path / "whole", Options())
    out, original, done = tmp_path / "out", pascal.write_png, []

    def interrupted(path: Path, pixels: np.ndarray) -> None:
        if len(done) == 6:
            raise KeyboardInterrupt
        done.append(path)
        original(path, pixels)

    monkeypatch.setattr(pascal, "write_png", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(PASCAL, source, out, Options())
    before = {path: path.stat().st_mtime_ns for path in done}
    monkeypatch.setattr(pascal, "write_png", original)
    run(PASCAL, source, out, Options())
    assert read_tree(out) == read_tree(tmp_path / "whole")
    assert before == {path: path.stat().st_mtime_ns for path in done}


def test_pascal__axes_that_cannot_be_told(tmp_path: Path, capsys) -> None:
    contents = archive()
    for name in NAMES:
        stream = io.BytesIO()
        savemat(stream, {"LabelMap": np.full((48, 64), 18, np.uint16)})  # nothing but beds
        contents[f"PASCAL_MT/pascal-context/trainval/{name}.mat"] = stream.getvalue()
    counts = run(PASCAL, write_tree(tmp_path / "s", contents), tmp_path / "out", Options())
    found = {count.name: count.found for count in counts}
    assert (found["saliency"], found["normal"]) == (4, 0)
    assert "WARNING: normals are left out" in capsys.readouterr().out


def test_pascal__mistakes(tmp_path: Path) -> None:
    contents = archive()
    options = Options(normal_axes=AXES)
    cases = {
        "semseg/VOC12/2008_000001.png": (image_bytes(np.full((48, 64), 21, np.uint8)), "classes"),
        "sal_distill/2008_000002.png": (image_bytes(np.zeros((4, 4), np.uint8)), "saliency is"),
        "human_parts/2008_000001.mat": (b"no MATLAB file", "damaged or no MATLAB"),
    }
    for number, (name, (content, message)) in enumerate(cases.items()):
        source = write_tree(tmp_path / str(number), contents | {f"PASCAL_MT/{name}": content})
        with pytest.raises(DataError, match=message):
            run(PASCAL, source, tmp_path / f"out{number}", options)


@needs_samples
def test_pascal__real_samples(tmp_path: Path) -> None:
    names = (REAL / "ImageSets/all.txt").read_text().split()
    source = tmp_path / "source"
    for kind, suffix in (("JPEGImages", "jpg"), ("human_parts", "mat")):
        for name in names:
            path = REAL / kind / f"{name}.{suffix}"
            write_tree(source, {f"{kind}/{path.name}": path.read_bytes()})
    for name in names:
        content = (REAL / "semseg" / f"{name}.png").read_bytes()
        write_tree(source, {f"semseg/VOC12/{name}.png": content})
    write_tree(source, {"ImageSets/Context/train.txt": "\n".join(names).encode()})
    counts = run(PASCAL, source, tmp_path / "out", Options())
    found = {count.name: count.found for count in counts}
    assert (found["images"], found["semseg"], found["saliency"], found["normal"]) == (18, 18, 0, 0)
    people = (tmp_path / "out/ImageSets/person_train.txt").read_text()
    assert people.split() == (REAL / "ImageSets/person.txt").read_text().split()
