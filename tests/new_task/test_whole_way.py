"""The whole way without a line of Python: new, train, test, predict, export; for every kind."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from mmengine.config import Config

import tests.toy  # noqa: F401  registers the toy backbone
from argus.api import Argus
from argus.engine import MultitaskRunner
from argus.export import export_model
from argus.model_files.merge import merge
from argus.new_task import Request, create
from tests.datasets.own.layouts import map_of
from tests.recipes.small_data import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, write_all
from tests.recipes.small_data import picture as bright_picture

BOX = (LEFT, TOP, RIGHT, BOTTOM)
# Kind and how the labels are written; those that train for long are in the slow part.
SLOW = [pytest.mark.slow]
CASES = [
    ("semantic", "masks"),
    ("detection", "yolo"),
    ("keypoints", "coco"),
    ("classification", "class_folders"),
    ("tags", "csv"),
    ("anomaly", "good_defect"),
    *[
        pytest.param(*case, marks=SLOW)
        for case in [
            ("depth", "depth"),
            ("parsing", "masks"),
            ("instance", "coco"),
            ("boundary", "boundary"),
            ("saliency", "saliency"),
            ("normals", "normals"),
            ("panoptic", "coco"),
            ("detection", "voc"),
            ("detection", "csv"),
            ("detection", "coco"),
            ("instance", "labelme"),
            ("instance", "cvat"),
            ("detection", "label_studio"),
            ("semantic", "class_masks"),
            ("semantic", "coco"),
        ]
    ],
]
EXPORTED = ("semantic", "classification", "depth")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Data by the format, several kinds of COCO's by kind."""
    root = tmp_path_factory.mktemp("own")
    small = write_all(root / "small")
    found = dict(
        masks=small["masks"],
        coco=small["objects"],
        class_folders=small["classes"],
        depth=small["depth"],
        normals=small["normals"],
        boundary=small["edges"],
        saliency=small["saliency"],
        good_defect=small["anomaly"],
    )
    for name, write in WRITERS.items():
        found[name] = root / name
        for part, number in (("train", 4), ("val", 2)):
            for n in range(number):
                bright_picture(found[name] / f"images/{part}/{n}.png", n)
                write(found[name], part, n)
    return found


def _yolo(root: Path, part: str, n: int) -> None:
    path = root / f"labels/{part}/{n}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    x, y = (LEFT + RIGHT) / 2 / WIDTH, (TOP + BOTTOM) / 2 / HEIGHT
    path.write_text(f"0 {x} {y} {(RIGHT - LEFT) / WIDTH} {(BOTTOM - TOP) / HEIGHT}\n")
    (root / "data.yaml").write_text("train: images/train\nval: images/val\nnames: [dent]\n")


def _voc(root: Path, part: str, n: int) -> None:
    keys = zip(("xmin", "ymin", "xmax", "ymax"), BOX, strict=True)
    box = "".join(f"<{key}>{value}</{key}>" for key, value in keys)
    path = root / f"Annotations/{part}/{n}.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"<annotation><size><width>{WIDTH}</width><height>{HEIGHT}</height></size>"
        f"<object><name>dent</name><bndbox>{box}</bndbox></object></annotation>"
    )


def _csv(root: Path, part: str, n: int) -> None:
    path = root / f"{part}.csv"
    if not path.exists():
        path.write_text("image,xmin,ymin,xmax,ymax,label\n")
    path.write_text(path.read_text() + f"{n}.png,{','.join(map(str, BOX))},dent\n")


def _tags(root: Path, part: str, n: int) -> None:
    path = root / f"{part}.csv"
    if not path.exists():
        path.write_text("image,bright,first\n")
    path.write_text(path.read_text() + f"{n}.png,1,{int(n == 0)}\n")


def _labelme(root: Path, part: str, n: int) -> None:
    ring = [[LEFT, TOP], [RIGHT, TOP], [RIGHT, BOTTOM], [LEFT, BOTTOM]]
    shape = dict(label="dent", points=ring, shape_type="polygon")
    content = dict(imagePath=f"{n}.png", imageWidth=WIDTH, imageHeight=HEIGHT, shapes=[shape])
    (root / f"images/{part}/{n}.json").write_text(str(content).replace("'", '"'))


def _cvat(root: Path, part: str, n: int) -> None:
    x1, y1, x2, y2 = BOX
    path = root / "annotations.xml"
    done = path.read_text() if path.exists() else "<annotations></annotations>"
    ring = f"{x1},{y1};{x2},{y1};{x2},{y2};{x1},{y2}"
    image = (
        f'<image name="{n}.png" subset="{part}" width="{WIDTH}" height="{HEIGHT}">'
        f'<polygon label="dent" points="{ring}"/></image></annotations>'
    )
    path.write_text(done.replace("</annotations>", image))


def _label_studio(root: Path, part: str, n: int) -> None:
    path = root / f"{part}.json"
    tasks = json.loads(path.read_text()) if path.exists() else []
    place = dict(
        x=100 * LEFT / WIDTH,
        y=100 * TOP / HEIGHT,
        width=100 * (RIGHT - LEFT) / WIDTH,
        height=100 * (BOTTOM - TOP) / HEIGHT,
        rectanglelabels=["dent"],
    )
    region = dict(original_width=WIDTH, original_height=HEIGHT, value=place)
    image = dict(image=f"/data/upload/{part}/{n}.png")
    tasks.append(dict(data=image, annotations=[dict(result=[region])]))
    path.write_text(json.dumps(tasks))


def _class_masks(root: Path, part: str, n: int) -> None:
    for name, value in (("dent", 255), ("rim", 0)):
        mask = np.full((HEIGHT, WIDTH), 255 - value, np.uint8)
        mask[TOP:BOTTOM, LEFT:RIGHT] = value
        map_of(root / f"masks/{part}/{n}/{name}.png", mask)


WRITERS = dict(
    yolo=_yolo,
    voc=_voc,
    csv=_csv,
    tags=_tags,
    labelme=_labelme,
    cvat=_cvat,
    label_studio=_label_studio,
    class_masks=_class_masks,
)


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backbone") / "toy.py"
    path.write_text(
        "from mmengine.config import read_base  # noqa: F401\n\n"
        'backbone = dict(type="ToyBackbone", channels=16)\n'
    )
    return path


@pytest.mark.parametrize(("kind", "form"), CASES)
def test_task__from_data_to_answers(
    kind: str, form: str, folders: dict[str, Path], backbone: Path
) -> None:
    folder = backbone.parent
    name = f"{kind}_{form}"
    data = folders["tags" if kind == "tags" else form]
    if kind == "panoptic":
        data = _panoptic(folder / "panoptic_data")
    request = Request(
        name=name,
        data=str(data),
        kind=kind,
        backbone=str(backbone),
        folder=folder,
        classes=("plate", "dent") if form == "masks" else (),
    )
    said: list[str] = []
    config = Config.fromfile(str(create(request, tell=said.append)))
    assert not [line for line in said if "error" in line]
    size: Any = (64, 64) if kind == "keypoints" else 32
    parts = dict.fromkeys(("train", "val", "test"), dict(num_workers=0))
    config.tasks[name].update(size=size, **parts)
    config.update(work_dir=str(folder / f"work_{name}"), train_cfg=dict(max_iters=2))
    config.update(precision="fp32", visualizer=None)
    config.param_scheduler["T_max"] = config.default_hooks["checkpoint"]["interval"] = 2
    runner = MultitaskRunner.from_cfg(config)
    runner.train()
    metrics = runner.test()
    task = runner.tasks[name]
    runner.close()
    assert f"{name}/{task.primary}" in metrics
    model_folder = folder / f"model_{name}"
    merge(folder / f"work_{name}/iter_2.pth").write(model_folder)
    model = Argus.from_pretrained(model_folder, device="cpu", trust=["tests"])
    boxes = [list(BOX)] if kind == "keypoints" else None
    answers = model.predict(np.full((HEIGHT, WIDTH, 3), 128, np.uint8), boxes=boxes)
    assert set(answers.results) == {name}
    if kind in EXPORTED and form != "coco":
        # Its translation takes longest, and is that of tests/export.
        options = dict(format="onnx" if kind == "depth" else "torch", sizes=((32, 32),))
        pixels = [np.full((32, 32, 3), 128, np.uint8)]
        out = folder / f"{name}.{'onnx' if kind == 'depth' else 'pt2'}"
        export_model(model_folder, None, out, trust=["tests"], images=pixels, **options)
        assert out.stat().st_size > 0


def _panoptic(root: Path) -> Path:
    """Two segments in every picture: a thing in the middle, stuff around it."""
    categories = [dict(id=1, name="plate", isthing=0), dict(id=2, name="dent", isthing=1)]
    ids = np.full((HEIGHT, WIDTH, 3), (0, 0, 7), np.uint8)  # BGR
    ids[TOP:BOTTOM, LEFT:RIGHT] = (0, 0, 9)
    inner = (BOTTOM - TOP) * (RIGHT - LEFT)
    areas = ((7, 1, HEIGHT * WIDTH - inner), (9, 2, inner))
    segments = [dict(id=i, category_id=c, area=a, iscrowd=0) for i, c, a in areas]
    for part, number in (("train", 4), ("val", 2)):
        for n in range(number):
            bright_picture(root / f"{part}/{n}.jpg", n)
            path = root / f"panoptic_{part}/{n}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), ids)
        images = [
            dict(id=n, file_name=f"{n}.jpg", width=WIDTH, height=HEIGHT) for n in range(number)
        ]
        truth = [
            dict(image_id=n, file_name=f"{n}.png", segments_info=segments) for n in range(number)
        ]
        content = dict(images=images, annotations=truth, categories=categories)
        (root / f"panoptic_{part}.json").write_text(json.dumps(content))
    return root
