"""``argus predict``: what is written and printed, mistakes, broken inputs, and a whole model."""

import itertools
import json
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from argus.commands import predict
from argus.errors import ConfigError
from argus.results import Prediction
from tests.commands.command_line import CommandLine, Done, assert_mistake
from tests.commands.toy_model import ToyModel, write_broken, write_picture, write_video

TOOL = Path(__file__).parents[2] / "tools/predict.py"


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> ToyModel:
    model = ToyModel()
    monkeypatch.setattr(predict, "load_model", lambda _: model)
    return model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures whose red values are 100, 110, 120."""
    for index in range(3):
        write_picture(tmp_path / "in" / f"{index}.png", 100 + 10 * index)
    return tmp_path / "in"


def red_of(path: Path) -> float:
    """The red value that the answer in a file tells."""
    found = json.loads((path / "prediction.json").read_text())
    return found["results"]["object"]["instances"][0]["box"][0]


def test_folder__a_folder_each_and_their_paths_on_stdout(
    argus: CommandLine, toy: ToyModel, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "answers"
    words = (folder, "--model", "m", "--out", out, "--batch-size", 2, "--arrays", "--size", 640)
    done = argus("predict", *words, "--score-threshold", 0.1, "--category", "cup")
    assert done == Done(0, "".join(f"{out / str(i)}\n" for i in range(3)), "")
    assert [red_of(out / str(i)) for i in range(3)] == [100, 110, 120]
    sources = [json.loads((out / f"{i}/prediction.json").read_text())["source"] for i in range(3)]
    assert sources == [str(folder / f"{i}.png") for i in range(3)]
    names = {path.name for path in (out / "0").iterdir()}
    assert names == {"prediction.json", "arrays.npz", "sheet.png", "colour.png", "object.png"}
    assert [call["num"] for call in toy.calls] == [2, 1]
    asked = dict(batch_size=2, category="cup", score_threshold=0.1, size=640, boxes=None)
    assert toy.calls[0].items() >= asked.items()


def test_tasks__commas_or_words_and_no_pictures(
    argus: CommandLine, toy: ToyModel, folder: Path, tmp_path: Path
) -> None:
    words = (folder / "0.png", "--model", "m", "--out", tmp_path / "o", "--no-pictures")
    for tasks in (["object,colour"], ["object", "colour"]):
        assert argus("predict", *words, "--tasks", *tasks).status == 0
        assert toy.calls[-1]["tasks"] == ["object", "colour"]
    assert [path.name for path in (tmp_path / "o/0").iterdir()] == ["prediction.json"]


def test_broken__the_rest_is_done_and_status_3(
    argus: CommandLine, toy: ToyModel, folder: Path, tmp_path: Path
) -> None:
    write_broken(folder / "1.png")
    write_broken(folder / "clip.mp4")
    words = (folder, folder / "clip.mp4", "--model", "m", "--out", tmp_path / "o")
    done = argus("predict", *words)
    assert done.status == predict.SOME_BROKEN == 3
    assert done.out.split() == [str(tmp_path / "o/0"), str(tmp_path / "o/2")]
    lines = [line for line in done.err.splitlines() if line[0] != "["]  # without FFmpeg's
    assert lines[0] == "2 of 4 inputs could not be read:"
    assert "1.png" in lines[1] and "clip.mp4" in lines[2] and len(lines) == 3
    assert red_of(tmp_path / "o/2") == 120, "answers stay with their pictures"


def test_broken__all_of_them_is_a_mistake(
    argus: CommandLine, toy: ToyModel, tmp_path: Path
) -> None:
    paths = [write_broken(tmp_path / f"{i}.jpg") for i in range(2)]
    words = ("--model", "m", "--out", tmp_path / "o")
    assert_mistake(argus("predict", paths[0], *words), "0.jpg: corrupt")
    assert_mistake(argus("predict", *paths, *words), "2 of 2 inputs", "0.jpg", "1.jpg")


def test_interrupt__results_so_far_stay(
    argus: CommandLine, toy: ToyModel, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = toy.stream

    def interrupted(*args: object, **options: object) -> Iterator:
        yield from itertools.islice(stream(*args, **options), 1)
        raise KeyboardInterrupt

    monkeypatch.setattr(toy, "stream", interrupted)
    words = (folder, "--model", "m", "--out", tmp_path / "o", "--batch-size", 1)
    done = argus("predict", *words)
    assert done.status == 130 and "interrupted; results" in done.err
    assert done.out.split() == [str(tmp_path / "o/0")] and red_of(tmp_path / "o/0") == 100


@pytest.mark.parametrize("only", [True, False])
def test_video__pictures_and_a_line_per_frame(
    argus: CommandLine, toy: ToyModel, tmp_path: Path, only: bool
) -> None:
    import cv2

    clip = write_video(tmp_path / "clip.mp4", [60, 120, 180], rate=12)
    tasks = ["object"] if only else ["all"]
    done = argus("predict", clip, "--model", "m", "--out", tmp_path / "o", "--tasks", *tasks)
    assert done.out.split() == [str(tmp_path / "o/clip.mp4"), str(tmp_path / "o/clip.jsonl")]
    lines = [json.loads(line) for line in (tmp_path / "o/clip.jsonl").read_text().splitlines()]
    assert [line["source"][-7:] for line in lines] == ["#000000", "#000001", "#000002"]
    reds = [line["results"]["object"]["instances"][0]["box"][0] for line in lines]
    assert np.allclose(reds, [60, 120, 180], atol=12), "the codec loses a little"
    video = cv2.VideoCapture(str(tmp_path / "o/clip.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 3 and video.get(cv2.CAP_PROP_FPS) == 12
    width = video.get(cv2.CAP_PROP_FRAME_WIDTH)
    assert (width < 1000) if only else (width > 1000), "one picture, or the sheet"


def test_video__interrupted_can_be_played(
    argus: CommandLine, toy: ToyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cv2

    stream = toy.stream

    def interrupted(*args: object, **options: object) -> Iterator:
        yield from itertools.islice(stream(*args, **options), 2)
        raise KeyboardInterrupt

    monkeypatch.setattr(toy, "stream", interrupted)
    clip = write_video(tmp_path / "clip.mp4", [60, 120, 180])
    assert argus("predict", clip, "--model", "m", "--out", tmp_path / "o").status == 130
    video = cv2.VideoCapture(str(tmp_path / "o/clip.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 2 and video.read()[0]
    assert len((tmp_path / "o/clip.jsonl").read_text().splitlines()) == 2


def test_video__is_not_written_over_itself(
    argus: CommandLine, toy: ToyModel, tmp_path: Path
) -> None:
    clip = write_video(tmp_path / "clip.mp4", [60])
    before = clip.read_bytes()
    assert_mistake(argus("predict", clip, "--model", "m", "--out", tmp_path), "the input itself")
    assert clip.read_bytes() == before


def test_boxes__reach_their_pictures(
    argus: CommandLine, toy: ToyModel, folder: Path, tmp_path: Path
) -> None:
    write_broken(folder / "0.png")
    boxes = tmp_path / "boxes.json"
    boxes.write_text(json.dumps({"2.png": [[1, 2, 3, 4], [5, 6, 7, 8]], "0.png": [[0, 0, 1, 1]]}))
    argus("predict", folder, "--model", "m", "--out", tmp_path / "o", "--boxes", boxes)
    given = toy.calls[0]["boxes"]
    assert [len(people) for people in given] == [0, 2] and given[1][1].tolist() == [5, 6, 7, 8]
    one = (folder / "1.png", "--model", "m", "--out", tmp_path / "o")
    argus("predict", *one, "--boxes", "[[1, 2, 3, 4]]")
    assert [people.tolist() for people in toy.calls[-1]["boxes"]] == [[[1, 2, 3, 4]]]


def test_boxes__by_folder_where_names_are_equal(
    argus: CommandLine, toy: ToyModel, tmp_path: Path
) -> None:
    files = [write_picture(tmp_path / camera / "1.png", 100) for camera in ("left", "right")]
    words = ("predict", *files, "--model", "m", "--out", tmp_path / "o", "--boxes")
    assert_mistake(argus(*words, '{"1.png": [[1, 2, 3, 4]]}'), "2 inputs are called 1.png")
    argus(*words, '{"right/1.png": [[1, 2, 3, 4]]}')
    assert [people.tolist() for people in toy.calls[-1]["boxes"]] == [[], [[1, 2, 3, 4]]]


def test_coco__each_camera_has_its_ids_and_the_frame_of_its_annotations(
    argus: CommandLine, toy: ToyModel, tmp_path: Path
) -> None:
    """A stored picture of 32 x 24, turned by EXIF to 24 x 32, annotated as it is stored."""
    files = [write_picture(tmp_path / camera / "1.png", 100) for camera in ("left", "right")]
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.open(files[0]).save(tmp_path / "turned.jpg", exif=turned)
    listed = {"left/1.png": 11, "right/1.png": 21, "turned.jpg": 5}
    images = [dict(id=id, file_name=n, width=32, height=24) for n, id in listed.items()]
    categories = [dict(id=i, name=n) for i, n in enumerate(("blue", "green", "red"))]
    file = tmp_path / "val.json"
    file.write_text(json.dumps(dict(images=images, categories=categories, annotations=[])))
    out = tmp_path / "o"
    words = ("--model", "m", "--out", out, "--format", "coco", "--annotations", file)
    done = argus("predict", *files, tmp_path / "turned.jpg", *words)
    assert done.status == 0
    results = json.loads((out / "object.coco.json").read_text())
    assert [(r["image_id"], r["category_id"]) for r in results] == [(11, 2), (21, 2), (5, 2)]
    found = json.loads((out / "images.json").read_text())["images"]
    assert [image["file_name"] for image in found] == list(listed)
    assert {(image["height"], image["width"]) for image in found} == {(24, 32)}


class _WhiteFinder(ToyModel):
    """Its box is that of the white pixels."""

    def _answer(self, name: str, image: np.ndarray, names: list[str]) -> Prediction:
        rows, columns = np.nonzero(image[..., 0] > 127)
        answer = super()._answer(name, image, names)
        edges = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        answer["object"].boxes[0] = edges
        return answer


@pytest.mark.parametrize("square", [False, True])
@pytest.mark.parametrize("tag", [1, 3, 6])
@pytest.mark.parametrize("orientation", [None, "shown", "stored"])
@pytest.mark.parametrize("annotated", [True, False])
def test_coco__boxes_lie_on_the_pixels_of_the_annotations(
    argus: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    orientation: str | None,
    tag: int,
    square: bool,
    annotated: bool,
) -> None:
    """A stored white corner at the top left, annotated as it is stored."""
    monkeypatch.setattr(predict, "load_model", lambda _: _WhiteFinder())
    stored = np.zeros((24, 24 if square else 32, 3), np.uint8)
    stored[:8, :8] = 255
    turned = Image.Exif()
    turned[0x0112] = tag
    picture = tmp_path / "1.png"
    Image.fromarray(stored).save(picture, exif=turned)
    height, width = stored.shape[:2]
    images = [dict(id=7, file_name="1.png", width=width, height=height)]
    categories = [dict(id=i, name=n) for i, n in enumerate(("blue", "green", "red"))]
    file = tmp_path / "val.json"
    file.write_text(json.dumps(dict(images=images, categories=categories, annotations=[])))
    words = ["--annotations", file] if annotated else []
    words += ["--orientation", orientation] if orientation else []
    out = tmp_path / "o"
    done = argus("predict", picture, "--model", "m", "--out", out, "--format", "coco", *words)
    is_turned = tag == 6 and not square  # the size tells
    if annotated and is_turned and orientation == "shown":
        assert done.status == 2 and "read as it is shown; its EXIF orientation is 6" in done.err
        return
    assert done.status == 0
    (result,) = json.loads((out / "object.coco.json").read_text())
    is_right = tag == 1 or orientation == "stored" or (annotated and is_turned and not orientation)
    assert (result["bbox"] == [0, 0, 8, 8]) == is_right
    is_open = annotated and orientation is None and tag != 1 and not is_turned
    assert ("1 picture has an EXIF orientation of which no size" in done.err) == is_open


def test_coco__category_ids_may_be_texts(argus: CommandLine, toy: ToyModel, tmp_path: Path) -> None:
    picture = write_picture(tmp_path / "1.png", 100)
    images = [dict(id="a", file_name="1.png", width=32, height=24)]
    categories = [dict(id=f"id of {n}", name=n) for n in ("blue", "green", "red")]
    file = tmp_path / "val.json"
    file.write_text(json.dumps(dict(images=images, categories=categories, annotations=[])))
    words = ("--model", "m", "--out", tmp_path / "o", "--format", "coco", "--annotations", file)
    assert argus("predict", picture, *words).status == 0
    (result,) = json.loads((tmp_path / "o/object.coco.json").read_text())
    assert (result["image_id"], result["category_id"]) == ("a", "id of red")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--orientation", "stored"], ["--format coco"]),
        (["--boxes", "[[1, 2, 3]]"], ["lists of boxes [x1, y1, x2, y2]"]),
        (["--boxes", "[[1, 2, 3, 4]]"], ["a list is for one image, found 3"]),
        (["--boxes", '{"x.png": []}'], ["no input is called x.png"]),
        (["--boxes", "none.json"], ["none.json", "no JSON"]),
        (["--size", "big"], ["--size", "'big'"]),
        (["--size", "depth=4,semantic"], ["--size"]),
        (["--batch-size", "0"], ["--batch-size", "found 0"]),
        (["--annotations", "a.json"], ["--format coco"]),
        (["--format", "coco", "--arrays"], ["--arrays"]),
        (["--format", "coco", "--annotations", "none.json"], ["none.json", "cannot be read"]),
        (["--format", "coco", "--tasks", "colour"], ["instances and poses", "colour"]),
        (["--tasks", "colur"], ["unknown task", "There are: colour, object"]),
        (["--out", __file__], ["is a file"]),
    ],
)
def test_mistakes(
    argus: CommandLine,
    toy: ToyModel,
    folder: Path,
    tmp_path: Path,
    words: list[str],
    expected: list[str],
) -> None:
    out = [] if "--out" in words else ["--out", tmp_path / "o"]
    assert_mistake(argus("predict", folder, "--model", "m", *out, *words), *expected)


@pytest.mark.parametrize("exists", [True, False])
def test_inputs__that_are_not_there_are_named_before_the_model_is_loaded(
    argus: CommandLine, folder: Path, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    monkeypatch.setattr(predict, "load_model", lambda _: pytest.fail("loaded"))
    words = [folder] * exists + ["no.jpg", "neither/"]
    assert_mistake(argus("predict", *words, "--model", "m"), "no.jpg, neither/")


@pytest.mark.parametrize("model", ["no/such/model", "somefile.pth"])
def test_model__that_is_not_there(
    argus: CommandLine, folder: Path, tmp_path: Path, model: str
) -> None:
    (tmp_path / "somefile.pth").touch()
    done = argus("predict", folder, "--model", tmp_path / model, "--out", tmp_path / "o")
    assert_mistake(done, "CheckpointError", model)
    assert not (tmp_path / "o").exists()


def test_memory__has_a_remedy(
    argus: CommandLine, toy: ToyModel, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 1 TiB.")

    monkeypatch.setattr(toy, "stream", full)
    assert_mistake(argus("predict", folder, "--model", "m"), "--batch-size", "--size")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        *((None, None), ("task", "task"), ("512", 512)),
        ("depth=480,semantic=task", dict(depth=480, semantic="task")),
    ],
)
def test_parse_size(text: str | None, size: object) -> None:
    assert predict.parse_size(text) == size


@pytest.mark.parametrize("text", ["-5", "1.5", "", "=3", "a=", "a=b"])
def test_parse_size__mistakes(text: str) -> None:
    with pytest.raises(ConfigError, match="NAME=SIZE"):
        predict.parse_size(text)


def test_whole_model__through_the_command_and_the_tool(
    argus: CommandLine,
    tiny_model_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    rng = np.random.default_rng(0)
    for index, size in enumerate([(48, 64), (70, 50)]):
        pixels = rng.integers(0, 255, (*size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{index}.png")
    inputs = [tmp_path / "0.png", tmp_path / "1.png"]
    words = ["--model", tiny_model_folder, "--device", "cpu", "--out"]
    done = argus("predict", *inputs, *words, tmp_path / "command", "--arrays")
    assert done.status == 0 and done.out.split() == [str(tmp_path / f"command/{i}") for i in (0, 1)]
    assert all(line.startswith("note: ") for line in done.err.splitlines()), done.err
    assert "anomaly" in done.err and "Warning" not in done.err
    first = json.loads((tmp_path / "command/0/prediction.json").read_text())
    assert first["size"] == [48, 64]
    asked = {"instance", "semantic", "classification", "panoptic", "depth", "boundary", "normals"}
    assert asked | {"parsing", "saliency"} <= set(first["results"])
    arrays = np.load(tmp_path / "command/1/arrays.npz")
    assert arrays["depth/metres"].shape == (70, 50)
    sheet = Image.open(tmp_path / "command/0/sheet.png")
    assert sheet.width > 500

    line = ["predict.py", *inputs, *words, tmp_path / "tool", "--tasks", "depth", "semantic"]
    monkeypatch.setattr(sys, "argv", [str(word) for word in line])
    with pytest.raises(SystemExit) as exit_:
        runpy.run_path(str(TOOL), run_name="__main__")
    assert not exit_.value.code
    second = json.loads((tmp_path / "tool/0/prediction.json").read_text())
    assert list(second["results"]) == ["depth", "semantic"]
    means = [found["results"]["depth"]["metres"]["mean"] for found in (first, second)]
    assert means[0] == pytest.approx(means[1], rel=0.2), "other tasks may change the common size"
