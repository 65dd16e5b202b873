import numpy as np
import pytest

from argus.datasets import lists
from argus.datasets.lists import ListDataset, read_list
from argus.errors import ConfigError, DataError
from argus.registry import DATASETS, TRANSFORMS
from tests.datasets.list_files import write_set


class Toy(ListDataset):
    METAINFO = dict(classes=("cat", "dog"))
    IMAGE_FOLDER = "images"
    FOLDERS = dict(semantic="masks", parsing="parts", depth="far")


@pytest.fixture
def root(tmp_path):
    labels = np.zeros((8, 10), np.uint8)
    return write_set(
        tmp_path,
        ["a", "b", "scene/c", "d"],
        dict(masks=dict(a=labels, b=labels), parts={}, far={"b": labels, "scene/c": labels}),
        ann_file="lists/all.txt",
        image_folder="images",
        suffix=".jpg",
    )


def build(root, *, labels=("semantic", "depth"), ann_file="lists/all.txt", **options):
    return Toy(ann_file, data_root=str(root), labels=labels, **options)


def test_list__paths_of_the_labels_that_an_image_has(root):
    dataset = build(root)
    samples = [dataset.get_data_info(i) for i in range(len(dataset))]
    maps = dict(reduce_zero_label=False, label_map=None, seg_fields=[])
    a = dict(img_path=f"{root}/images/a.jpg", seg_map_path=f"{root}/masks/a.png", **maps)
    b = dict(
        img_path=f"{root}/images/b.jpg",
        seg_map_path=f"{root}/masks/b.png",
        depth_path=f"{root}/far/b.png",
        **maps,
    )
    c = dict(img_path=f"{root}/images/scene/c.jpg", depth_path=f"{root}/far/scene/c.png")
    assert [{k: v for k, v in s.items() if k != "sample_idx"} for s in samples] == [a, b, c]
    assert dataset.num_listed == 4


@pytest.mark.parametrize(
    ("labels", "require", "kept"),
    [
        (("semantic", "depth"), (), "abc"),
        (("semantic",), (), "ab"),
        (("semantic", "depth"), ("depth",), "bc"),
        (("semantic", "depth"), ("semantic", "depth"), "b"),
        ((), (), "abcd"),
    ],
)
def test_list__which_images_are_kept(root, labels, require, kept):
    dataset = build(root, labels=labels, require=require)
    names = [dataset.get_data_info(i)["img_path"][-5] for i in range(len(dataset))]
    assert names == list(kept)


def test_list__log_says_how_many_were_left_out(root, monkeypatch):
    lines = []
    monkeypatch.setattr(lists, "print_log", lambda text, **kwargs: lines.append(text))
    build(root)
    build(root, require=("depth",))
    build(root, labels=())
    assert lines == [
        f"{root}/lists/all.txt: 3 images, 1 left out (without any label); 2 with semantic; "
        "2 with depth",
        f"{root}/lists/all.txt: 2 images, 2 left out (without depth); 1 with semantic",
        f"{root}/lists/all.txt: 4 images",
    ]


def test_list__nothing_left_raises(root):
    with pytest.raises(DataError, match=r"all 4 images left out: without any label in .*/parts"):
        build(root, labels=("parsing",))


def test_list__missing_image_is_kept_for_the_check_to_name(root):
    (root / "images/b.jpg").unlink()
    dataset = build(root)
    assert dataset.get_data_info(1)["img_path"] == f"{root}/images/b.jpg"


def test_list__other_folder_and_root(root):
    dataset = build(root, labels=("depth",), data_prefix=dict(depth_path="masks"))
    assert dataset.get_data_info(0)["depth_path"] == f"{root}/masks/a.png"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(labels=("normals",)), r"Toy\.labels names \['normals'\]"),
        (dict(labels=("semantic", "parsing")), "one label map"),
        (dict(labels=("depth", "depth")), "one label map"),
        (dict(labels=("depth",), require=("semantic",)), r"Toy\.require names \['semantic'\]"),
        (dict(labels=("depth",), data_prefix=dict(seg_map_path="x")), r"data_prefix names"),
    ],
)
def test_list__config_mistakes(root, options, message):
    with pytest.raises(ConfigError, match=message):
        build(root, **options)


def test_list__data_mistakes(root):
    with pytest.raises(DataError, match=r"nothing\.txt: no such list file"):
        build(root, ann_file="nothing.txt")
    with pytest.raises(DataError, match=r"nowhere: no such folder; Toy looks for depth_path"):
        build(root, data_prefix=dict(depth_path="nowhere"))
    (root / "wrong.txt").write_text("a.jpg\nb.jpg\n")
    with pytest.raises(DataError, match=r"none of its 2 images, e\.g\. 'a\.jpg'.*without suffix"):
        build(root, ann_file="wrong.txt")
    (root / "twice.txt").write_text("a\nb\na\n")
    with pytest.raises(DataError, match="1 of 3 lines occur before"):
        build(root, ann_file="twice.txt")
    (root / "images/a.png").write_bytes((root / "images/a.jpg").read_bytes())
    with pytest.raises(DataError, match=r"a occurs twice"):
        build(root)


def test_registered__dense_sets_and_their_transforms():
    for name in ("NYUv2", "NYUv2Depth", "PascalContext"):
        assert DATASETS.get(name).__module__.startswith("argus.datasets.")
    for name in ("IfPresent", "JointRandomCrop", "LoadDepth", "PackDense", "RandomColor"):
        assert TRANSFORMS.get(name).__module__.startswith("argus.datasets.transforms.")


def test_read_list__blank_lines_and_ends(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\na\r\n  b c \n\n")
    assert read_list(str(path)) == ["a", "b c"]
    path.write_bytes(b" \n")
    with pytest.raises(DataError, match="no line"):
        read_list(str(path))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not a text file"):
        read_list(str(path))
