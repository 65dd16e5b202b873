"""Label files are data from outside: damaged in any way they are read or refused by name."""

import json
import random
from pathlib import Path

import pytest

from argus.datasets.own import recognise
from argus.datasets.own.parts import parts
from argus.errors import ConfigError, DataError
from tests.datasets.own.formats import (
    test_cvat,
    test_label_studio,
    test_labelme,
    test_voc,
    test_yolo,
)
from tests.datasets.own.layouts import coco, masks, picture

_VALUES = [
    None,
    True,
    -1,
    1e308,
    float("nan"),
    "",
    "x" * 50,
    "../../etc",
    [],
    {},
    [[]],
    [{}],
    2**70,
]


def _csv(root: Path) -> None:
    for n in (1, 2, 3):
        picture(root / f"{n}.png", seed=n)
    (root / "a.csv").write_text("image,label,x1,y1,x2,y2\n1,a,2,3,8,9\n2,b,1,1,5,5\n3,a,1,1,5,5\n")


def _labelme(root: Path) -> None:
    shapes = [
        test_labelme.shape("a", "polygon", (1, 1), (9, 1), (9, 8), group_id=1),
        test_labelme.shape("p", "point", (3, 3), group_id=1),
        test_labelme.shape("c", "circle", (10, 8), (13, 12)),
    ]
    for number in (1, 2):
        test_labelme.write(root, shapes, number, flags=dict(cat=True))


def _cvat(root: Path) -> None:
    mask = '<mask label="cat" rle="1, 3, 2" left="5" top="9" width="3" height="2"/>'
    items = test_cvat.SKELETON.format(more="") + test_cvat.BOX.format(label="cat", more="") + mask
    test_cvat.write(root, items, items, meta=test_cvat.META + test_cvat.POSE)


def _label_studio(root: Path) -> None:
    nose = test_label_studio.region("keypointlabels", "nose", x=50, y=25, parent="b")
    ring = test_label_studio.region("polygonlabels", "cat", points=[[0, 0], [50, 0], [50, 50]])
    given = test_label_studio.annotation(test_label_studio.box(identity="b"), nose, ring)
    test_label_studio.write(root, [given], [given])


def _yolo(root: Path) -> None:
    for part in ("train", "val"):
        lines = ["1 0.5 0.5 1 1 0.25 0.5 2 0 0 0"]
        test_yolo.write(root, lines, part=part, more="kpt_shape: [2, 3]\nflip_idx: [1, 0]")


WRITERS = dict(
    coco=coco,
    labelme=_labelme,
    cvat=_cvat,
    label_studio=_label_studio,
    yolo=_yolo,
    voc=lambda root: test_voc.write(root, {}, dict(name="dog")),
    csv=_csv,
    masks=masks,
)


def _try(root: Path, form: str) -> None:
    try:
        found = recognise(root, format=form)
        assert found.data is not None
        parts(found.data)
    except (DataError, ConfigError) as error:
        assert str(error)


@pytest.mark.parametrize("form", WRITERS)
def test_damaged_bytes__are_read_or_refused(form: str, tmp_path: Path) -> None:
    WRITERS[form](tmp_path)
    draw = random.Random(form)
    files = [p for p in sorted(tmp_path.rglob("*")) if p.is_file() and "images" not in p.parts]
    files = [p for p in files if p.suffix not in (".png", ".jpg") or "masks" in p.parts]
    for _ in range(40):
        path = draw.choice(files)
        whole = path.read_bytes()
        content = bytearray(whole)
        for _ in range(draw.randint(1, 4)):
            place = draw.randrange(len(content)) if content else 0
            kind = draw.randrange(3)
            if kind == 0:
                content[place : place + draw.randint(1, 12)] = b""
            elif kind == 1:
                content[place:place] = draw.choice(
                    [b"9" * 40, b"\x00", b"\xff", b"-", b'"', b"nan"]
                )
            else:
                content[place : place + 1] = bytes([draw.randrange(256)])
        path.write_bytes(bytes(content))
        _try(tmp_path, form)
        path.write_bytes(whole)


@pytest.mark.parametrize("form", ["coco", "labelme", "label_studio"])
def test_wrong_values__are_read_or_refused(form: str, tmp_path: Path) -> None:
    """Every value of a JSON file in turn is something else."""
    WRITERS[form](tmp_path)
    (path, *_) = sorted(tmp_path.rglob("*.json"))
    content = json.loads(path.read_text())
    if form == "coco":
        content |= dict(images=content["images"][:1], annotations=content["annotations"][:1])
    draw = random.Random(form)
    places = list(_places(content, ()))
    for place in places:
        for value in draw.sample(_VALUES, 4):
            changed = json.loads(json.dumps(content))
            owner = changed
            for key in place[:-1]:
                owner = owner[key]
            owner[place[-1]] = value
            path.write_text(json.dumps(changed))
            _try(tmp_path, form)


def _places(value, above):
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*above, key)
        if isinstance(inner, (dict, list)):
            yield from _places(inner, (*above, key))
