"""A detector of three colours on a file that calls them otherwise: pycocotools' own numbers."""

import contextlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmdet.models.detectors.base import BaseDetector
from mmengine.registry import MODELS
from mmengine.structures import InstanceData
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from argus.commands.main import main
from tests.toy import PREPROCESS, toy_tasks, write_config

CLASSES = ["person", "bicycle", "car"]  # red, green, blue
# Ids and names of the file, and the colour each means; "bag" is no class.
CATEGORIES = {7: ("pedestrian", 0), 3: ("Lorry", 2), 9: ("bag", 1), 1: ("objects", 1)}
NUM_IMAGES, WIDTH, HEIGHT = 12, 64, 48


@MODELS.register_module()
class ColourFinder(BaseDetector):
    """Finds what a channel shows: the box around its bright pixels, with their brightness."""

    def __init__(self, backbone: Any, num_classes: int, data_preprocessor: Any = None) -> None:
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = MODELS.build(backbone)
        self.num_classes = num_classes
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def predict(self, inputs: torch.Tensor, samples: Sequence[Any], rescale: bool = True) -> Any:
        for image, sample in zip(inputs, samples, strict=True):
            found = found_in(((image + 1) * 127.5).round().cpu().numpy())
            sample.pred_instances = InstanceData(
                bboxes=torch.tensor([box for box, _, _ in found]).reshape(-1, 4).float(),
                labels=torch.tensor([label for _, label, _ in found]).long(),
                scores=torch.tensor([score for _, _, score in found]).float(),
            )
        return samples

    def loss(self, inputs: Any, samples: Any) -> Any: ...

    def _forward(self, inputs: Any, samples: Any = None) -> Any: ...

    def extract_feat(self, inputs: Any) -> Any: ...


def found_in(image: np.ndarray) -> list[tuple[list[int], int, float]]:
    """Box (x1, y1, x2, y2), label and score of each channel of ``(3, H, W)``."""
    found = []
    for label, channel in enumerate(image):
        rows, columns = np.nonzero(channel > 50)
        if len(rows):
            box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            found.append(([int(side) for side in box], label, float(channel.max()) / 255))
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures with coloured blocks, and annotations that are more or less around them."""
    folder = tmp_path_factory.mktemp("unseen")
    rng = np.random.default_rng(0)
    (folder / "jpg").mkdir()
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number in range(1, NUM_IMAGES + 1):
        picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        for identity, (name, channel) in CATEGORIES.items():
            x, y = int(rng.integers(8, 30)), int(rng.integers(8, 20))
            width, height = (int(side) for side in rng.integers(8, 20, 2))
            if name == "objects" or rng.random() < 0.3:
                continue
            picture[y : y + height, x : x + width, channel] = rng.integers(60, 255)
            if rng.random() < 0.8:  # the others are found and not annotated
                grown = [int(side) for side in rng.integers(0, 5, 2)]
                box = [x - grown[0], y - grown[1], width + grown[0], height + grown[1]]
                annotations.append(
                    dict(
                        id=len(annotations) + 1,
                        image_id=number,
                        category_id=identity,
                        bbox=box,
                        area=box[2] * box[3],
                        iscrowd=0,
                    )
                )
        Image.fromarray(picture).save(folder / f"jpg/{number}.png")
        images.append(dict(id=number, file_name=f"{number}.png", width=WIDTH, height=HEIGHT))
    categories = [dict(id=identity, name=name) for identity, (name, _) in CATEGORIES.items()]
    content = dict(images=images, annotations=annotations, categories=categories)
    (folder / "street.json").write_text(json.dumps(content))
    return folder


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("config")
    finder = dict(
        decoder=dict(
            type="ColourFinder",
            backbone=dict(type="SharedBackbone"),
            num_classes=3,
            data_preprocessor=dict(type="mmdet.DetDataPreprocessor", bgr_to_rgb=True, **PREPROCESS),
        ),
        classes=CLASSES,
        val=dict(
            dataset=dict(
                type="argus.CocoInstances",
                ann_file="not_there.json",
                pipeline=[
                    dict(type="argus.LoadImage"),
                    dict(type="mmdet.LoadAnnotations", with_bbox=True, with_mask=True),
                    dict(type="argus.CheckLabel", num_classes=3),
                    dict(type="mmdet.PackDetInputs", meta_keys=("img_id", "img_path", "ori_shape")),
                ],
            ),
            batch_size=5,
            num_workers=0,
        ),
        metrics=dict(type="mmdet.CocoMetric", ann_file="not_there.json", metric=["bbox", "segm"]),
        primary="bbox_mAP",
        paper=dict(bbox_mAP=0.99),
    )
    tasks = dict(finder=finder, semantic=toy_tasks()["semantic"])
    path = write_config(folder / "toy.py", tasks=tasks)
    path.write_text(path.read_text().replace("tests.toy", "tests.engine.test_unseen_data"))
    return path


def by_hand(data: Path, names: Sequence[str]) -> np.ndarray:
    """What pycocotools says of the file as it is, by the categories of some names."""
    content = json.loads((data / "street.json").read_text())
    ids = {name: identity for identity, (name, _) in CATEGORIES.items()}
    label_of = {channel: name for name, channel in CATEGORIES.values() if name in names}
    results = []
    for image in content["images"]:
        pixels = np.asarray(Image.open(data / "jpg" / image["file_name"])).transpose(2, 0, 1)
        for (left, top, right, bottom), label, score in found_in(pixels):
            if label in label_of:
                results.append(
                    dict(
                        image_id=image["id"],
                        category_id=ids[label_of[label]],
                        bbox=[left, top, right - left, bottom - top],
                        score=score,
                    )
                )
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(data / "street.json"))
        evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluation.params.catIds = [ids[name] for name in names]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return np.array(evaluation.stats)


def call(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([*map(str, words)])
    return int(end.value.code or 0)


@pytest.mark.parametrize(
    ("pairs", "names", "said"),
    [
        (
            ["person=pedestrian", "car=lorry"],
            ["pedestrian", "Lorry"],
            "classes of the detector that do not count: bicycle",
        ),
        (
            ["person=pedestrian"],
            ["pedestrian"],
            "classes of the detector that do not count: bicycle, car",
        ),
    ],
)
def test_test__other_data_by_a_map_is_what_pycocotools_says(
    config: Path,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    pairs: list[str],
    names: list[str],
    said: str,
) -> None:
    words = ("test", config, "none", "--work-dir", tmp_path, "--data", data / "street.json")
    status = call(*words, "--tasks", "finder", "--images", data / "jpg", "--map", *pairs)
    out, errors = capsys.readouterr()
    assert status == 0, errors
    results = json.loads((tmp_path / "results_street.json").read_text())
    expected = by_hand(data, names)
    assert 0.05 < expected[0] < 0.95 and expected[0] < expected[1] < 1, "the case can tell"
    # mmdet writes three digits.
    for name, value in zip(("bbox_mAP", "bbox_mAP_50", "bbox_mAP_75"), expected, strict=False):
        assert results[f"finder/{name}"] == pytest.approx(value, abs=5.1e-4)
    assert set(results) == {name for name in results if name.startswith("finder/bbox_")}
    table = (tmp_path / "results_street.md").read_text()
    for text in (out, table):
        assert said in text and "bag (" in text and "masks are not measured" in text
        assert "paper" not in text and "objects (0 objects)" in text
    assert not (tmp_path / "results.json").exists()


def test_test__mistakes_of_other_data(
    config: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["test", config, "none", "--work-dir", tmp_path]
    file = ["--data", data / "street.json"]
    images = ["--images", data / "jpg", "--map", "person=pedestrian"]
    mistakes = {
        "name their file by --data": [*words, "--map", "a=b"],
        "12 of its 12 pictures are not in": [*words, *file, "--map", "person=pedestrian"],
        "expected one task that is measured by mmdet's CocoMetric, found semantic": [
            *words, *file, *images, "--tasks", "semantic"
        ],
        "--save-metrics notes": [*words, *file, *images, "--save-metrics"],
        "none of its categories (pedestrian, Lorry, bag, objects) has the name": [*words, *file],
    }  # fmt: skip
    for message, command in mistakes.items():
        assert call(*command) == 2
        assert message in capsys.readouterr().err
