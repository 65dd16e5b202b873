"""COCO's files against COCO's own reader, and videos."""

import json
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from argus.commands import outputs
from argus.commands.coco_ids import CocoIds
from argus.commands.inputs import Input
from argus.commands.outputs import CocoWriter, VideoWriter
from argus.errors import DataError
from argus.results import Instances, Poses, Prediction
from tests.commands.toy_model import write_picture
from tests.serve.browser import CHROMIUM, DRIVER, Browser

BOXES = np.array([[2, 3, 12, 23], [5, 5, 25, 15]], np.float32)


def prediction(labels: tuple[int, ...] = (1, 0), size: tuple[int, int] = (30, 40)) -> Prediction:
    masks = np.zeros((2, *size), bool)
    for mask, (x0, y0, x1, y1) in zip(masks, BOXES.astype(int), strict=True):
        mask[y0:y1, x0:x1] = True
    found = Instances(
        task="things",
        size=size,
        classes=("cup", "dog"),
        boxes=BOXES,
        scores=np.array([0.9, 0.8], np.float32),
        labels=np.array(labels),
        masks=masks,
    )
    poses = Poses(
        task="poses",
        size=size,
        classes=("nose",),
        keypoints=np.full((1, 1, 2), 7, np.float32),
        keypoint_scores=np.full((1, 1), 0.5, np.float32),
        boxes=BOXES[:1],
        scores=np.array([0.9], np.float32),
    )
    image = np.zeros((*size, 3), np.uint8)
    return Prediction(source="x", image=image, results=dict(things=found, poses=poses))


def item(name: str) -> Input:
    return Input(path=Path(name), name=Path(name).stem, is_video=False)


def picture(path: Path) -> Input:
    """Of a file that is there: its EXIF orientation is looked at."""
    write_picture(path, 100)
    return item(str(path))


def annotations(path: Path) -> Path:
    """The truth of ``prediction``, with ids that have gaps as COCO's have."""
    truth = [
        dict(id=index + 1, image_id=139, category_id=category, iscrowd=0)
        | dict(bbox=[x0, y0, x1 - x0, y1 - y0], area=(x1 - x0) * (y1 - y0))
        | dict(segmentation=[[x0, y0, x1, y0, x1, y1, x0, y1]])
        for index, ((x0, y0, x1, y1), category) in enumerate(
            zip(BOXES.tolist(), (18, 47), strict=True)
        )
    ]
    path.write_text(
        json.dumps(
            dict(
                images=[dict(id=139, file_name="val/a.jpg", height=30, width=40)],
                categories=[
                    *(dict(id=47, name="cup"), dict(id=18, name="dog"), dict(id=0, name="person"))
                ],
                annotations=truth,
            )
        )
    )
    return path


def test_coco__ids_of_the_annotations_and_perfect_score(tmp_path: Path) -> None:
    file = annotations(tmp_path / "truth.json")
    ids, photo = CocoIds(file), picture(tmp_path / "somewhere/a.jpg")
    writer = CocoWriter(tmp_path / "o", ids, ids.match([photo.path]))
    assert writer.write(photo, prediction()) == []
    paths = writer.close()
    assert [path.name for path in paths] == ["things.coco.json", "poses.coco.json", "images.json"]
    truth = COCO(str(file))
    for kind in ("bbox", "segm"):
        evaluation = COCOeval(truth, truth.loadRes(str(paths[0])), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        assert evaluation.stats[0] == pytest.approx(1)
    listing = json.loads(paths[2].read_text())
    assert listing["categories"]["things"] == dict(cup=47, dog=18)
    assert listing["images"] == [dict(id=139, file_name="val/a.jpg", width=40, height=30)]
    person = json.loads(paths[1].read_text())[0]
    assert person["keypoints"] == [7, 7, 0.5] and person["category_id"] == 0


def test_coco__ids_without_annotations(tmp_path: Path) -> None:
    writer = CocoWriter(tmp_path)
    for name in ("000000000042.jpg", "b.jpg", "42.png", "c.jpg"):
        writer.write(item(name), prediction())
    images = json.loads(writer.close()[-1].read_text())["images"]
    assert [image["id"] for image in images] == [42, 1, 43, 2]
    results = json.loads((tmp_path / "things.coco.json").read_text())
    assert [result["category_id"] for result in results[:2]] == [2, 1]


def test_coco__what_the_annotations_lack(tmp_path: Path) -> None:
    file = annotations(tmp_path / "truth.json")
    file.write_text(file.read_text().replace('"dog"', '"cat"'))
    ids, photo = CocoIds(file), picture(tmp_path / "a.jpg")
    with pytest.raises(DataError, match="no category dog; it lists cup, cat, person"):
        CocoWriter(tmp_path, ids, ids.match([photo.path])).write(photo, prediction())


@pytest.mark.parametrize("text", ["[]", "{}", "nonsense", '{"images": [{}], "categories": []}'])
def test_coco__annotations_of_another_format(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(DataError, match="COCO's format|no valid JSON"):
        CocoIds(tmp_path / "x.json")


def test_video__without_pictures_is_lines_alone(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "o" / "clip.mp4", 25, draw=False)
    writer.write(prediction())
    writer.write(prediction())
    assert [path.name for path in writer.close()] == ["clip.jsonl"]
    assert len((tmp_path / "o/clip.jsonl").read_text().splitlines()) == 2
    assert not (tmp_path / "o/clip.mp4").exists()


def test_video__frames_of_other_sizes_fit(tmp_path: Path) -> None:
    """A legend may grow from frame to frame; a video's frames have one size."""
    import cv2

    writer = VideoWriter(tmp_path / "clip.mp4", 25, draw=True)
    for size in ((30, 40), (30, 60), (60, 40)):
        writer.write(prediction(size=size))
    video = cv2.VideoCapture(str(writer.close()[0]))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 3


def moving_bar(number: int) -> Prediction:
    """A picture whose left part, as wide as its number, is bright; nothing is found in it."""
    image = np.zeros((60, 80, 3), np.uint8)
    image[:, : 10 * number + 5] = 200
    nobody = Poses(
        task="poses",
        size=(60, 80),
        classes=("nose",),
        keypoints=np.zeros((0, 1, 2), np.float32),
        keypoint_scores=np.zeros((0, 1), np.float32),
        boxes=np.zeros((0, 4), np.float32),
        scores=np.zeros(0, np.float32),
    )
    return Prediction(source="x", image=image, results=dict(poses=nobody))


def test_video__is_what_browsers_play_and_any_frame_can_be_gone_to(tmp_path: Path) -> None:
    import cv2

    writer = VideoWriter(tmp_path / "clip.mp4", 25, draw=True)
    for number in range(7):
        writer.write(moving_bar(number))
    path = writer.close()[0]
    assert path.read_bytes()[4:8] == b"ftyp" and b"vpcC" in path.read_bytes()
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    assert int(video.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little") == b"VP90"
    for number in (5, 1, 6, 0):
        video.set(cv2.CAP_PROP_POS_FRAMES, number)
        is_read, frame = video.read()
        bright = (frame[frame.shape[0] // 2] > 100).any(-1).mean()
        assert is_read and abs(bright - (10 * number + 5) / 80) < 0.04, number


PLAYER = """<video id="video" muted preload="auto" src="clip.mp4"></video><p id="told">waits</p>
<script>
video.onerror = () => { told.textContent = video.error.message };
video.oncanplaythrough = () => { video.oncanplaythrough = null; video.currentTime = 0.12 };
video.onseeked = () => { told.textContent = `at ${video.currentTime} of ${video.duration}` };
</script>"""


@pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver")
def test_video__is_played_by_a_browser(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "clip.mp4", 25, draw=True)
    for number in range(5):
        writer.write(moving_bar(number))
    writer.close()
    (tmp_path / "page.html").write_text(PLAYER)
    with Browser() as browser:
        browser.open((tmp_path / "page.html").as_uri())
        browser.wait_for_text("#told", "at 0.12 of 0.2")


def test_video__without_an_encoder_of_vp9(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import cv2

    monkeypatch.setattr(outputs, "VIDEO_CODECS", ("none", "mp4v"))
    writer = VideoWriter(tmp_path / "clip.mp4", 25, draw=True)
    with pytest.warns(UserWarning, match="MPEG-4 part 2, which browsers do not play"):
        writer.write(moving_bar(1))
    video = cv2.VideoCapture(str(writer.close()[0]), cv2.CAP_FFMPEG)
    assert int(video.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little") == b"FMP4"
