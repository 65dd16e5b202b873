"""Folders of pictures and masks: which belong together, and what the values mean."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image, ImageDraw

from argus.datasets.own import read_own, recognise
from argus.datasets.own.formats.map_values import Seen, is_soft
from argus.datasets.own.formats.paired import match, pairs
from argus.datasets.own.loading import LoadOwnMap
from argus.datasets.own.semantic import OwnSemantic
from argus.datasets.own.tree import Tree
from argus.errors import DataError
from tests.datasets.own.layouts import FORMATS, halves, map_of, masks, picture


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("images/1.jpg", "masks/1.png"),
        ("images/train/1.jpg", "labels/train/1.png"),
        ("train/images/1.jpg", "train/masks/1.png"),
        ("JPEGImages/1.jpg", "SegmentationClass/1.png"),
        ("images/image_0001.png", "masks/gt_0001.png"),
        ("train/1.jpg", "train_masks/1_mask.png"),
        ("a/1.jpg", "a/1_mask.png"),
        ("images/img_1.jpg", "masks/img_1_mask.png"),
        ("images/1.jpg", "masks/1.jpg.png"),
        ("img_dir/train/1.jpg", "ann_dir/train/1.png"),
        ("train/1_sat.jpg", "train/1_mask.png"),
        ("Images/IMG_1.JPG", "Masks/img_1_Mask.PNG"),
        ("images/Gru\u0308n.jpg", "masks/Gr\u00fcn.png"),
        ("leftImg8bit/train/x_leftImg8bit.png", "gtFine/train/x_gtFine_labelIds.png"),
    ],
)
def test_pairs__of_common_layouts(tmp_path, image, label) -> None:
    picture(tmp_path / image)
    map_of(tmp_path / label, halves(0, 1))
    found = pairs(Tree(tmp_path), "semantic")
    assert found is not None and found.maps == {image: label}


def test_pairs__files_without_a_partner_are_named(tmp_path) -> None:
    masks(tmp_path)
    picture(tmp_path / "images/lonely.png")
    map_of(tmp_path / "masks/stray.png", halves(0, 1))
    notes = " ".join(read_own(tmp_path).notes)
    assert "1 picture has no map: images/lonely.png" in notes
    assert "1 map has no picture: masks/stray.png" in notes


def test_match__two_that_could_be_meant_are_none() -> None:
    assert match(["a/1.jpg"], ["m/1_mask.png", "m/1_label.png"]) == {}


def test_names__one_a_line_from_zero(tmp_path) -> None:
    found = read_own(masks(tmp_path))
    assert found.classes == ("ground", "plate") and found.values.labels == {0: 0, 1: 1}
    assert found.pixels == (4 * 192, 4 * 192)
    assert recognise(tmp_path, "semantic").sure


def test_names__of_two_and_white_masks(tmp_path) -> None:
    found = read_own(masks(tmp_path, values=(0, 255)))
    assert found.values.labels == {0: 0, 255: 1} and found.pixels == (768, 768)


def test_names__one_less_than_values_leaves_zero_out(tmp_path) -> None:
    found = read_own(masks(tmp_path, values=(1, 2)))
    assert found.values.labels == {0: 255, 1: 0, 2: 1}
    assert "0 is taken for void" in found.doubts[0]
    assert not recognise(tmp_path).sure


def test_names__too_few_are_refused(tmp_path) -> None:
    with pytest.raises(DataError, match=r"values 7 in the maps, for which classes\.txt has no"):
        read_own(masks(tmp_path, values=(0, 7)))


def test_values_without_names__are_said(tmp_path) -> None:
    masks(tmp_path, values=(3, 9))
    (tmp_path / "classes.txt").unlink()
    found = recognise(tmp_path)
    assert not found.sure and found.classes == ("3", "9")
    assert "no file names the classes" in found.oddities[0]
    assert read_own(tmp_path, classes=["x"] * 4 + list("abcdef")).classes[9] == "f"


@pytest.mark.parametrize("values", [(0, 1), (0, 255)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_grey__in_three_channels_is_one(tmp_path, values, mode) -> None:
    masks(tmp_path, values=values)
    for path in (tmp_path / "masks").iterdir():
        Image.open(path).convert(mode).save(path)
    dataset = OwnSemantic(str(tmp_path), split="all")
    assert dataset.metainfo["classes"] == ("ground", "plate")
    load = LoadOwnMap(2)
    load.take_palette(dataset.metainfo)
    np.testing.assert_array_equal(load.load(dataset.get_data_info(0))[1], halves(0, 1))


def disc(image: Image.Image) -> Image.Image:
    """A white disc, whose edge has shades when it is scaled."""
    width, height = image.size[0] * 4, image.size[1] * 4
    large = Image.new("L", (width * 4, height * 4))
    ImageDraw.Draw(large).ellipse((100, 60, 260, 200), fill=255)
    return large.resize((width, height), Image.Resampling.BILINEAR)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("named", [True, False])
def test_shades__of_black_and_white_maps_count_as_the_nearer(tmp_path, suffix, named) -> None:
    masks(tmp_path, values=(0, 255))
    for path in (tmp_path / "masks").iterdir():
        disc(Image.open(path)).save(path.with_suffix(suffix))
        if suffix != path.suffix:
            path.unlink()
    if not named:
        (tmp_path / "classes.txt").unlink()
    found = read_own(tmp_path)
    assert found.classes == (("ground", "plate") if named else ("background", "foreground"))
    assert any("shades between" in text for text in (*found.notes, *found.doubts))
    stored = np.array(Image.open(tmp_path / f"masks/0{suffix}"))
    assert found.pixels == (4 * (stored <= 127).sum(), 4 * (stored > 127).sum())


def test_values_in_jpeg__are_no_classes(tmp_path) -> None:
    masks(tmp_path, values=(0, 60))
    for path in (tmp_path / "masks").iterdir():
        dark = disc(Image.open(path)).point(lambda value: value // 4)
        dark.save(path.with_suffix(".jpg"))
        path.unlink()
    for name in ("classes.txt", None):
        with pytest.raises(DataError, match="saved as JPEG, which changes values.* as PNG"):
            read_own(tmp_path)
        if name:
            (tmp_path / name).unlink()


def test_numbers_of_classes__are_no_shades() -> None:
    """Few of many classes, the last ones, and void."""
    for values in (range(0, 20), (0, 1, 2, 250, 251, 252, 255), range(0, 256)):
        seen = Seen(values=Counter({value: 100 for value in values}))
        assert not is_soft(seen)


def test_void__is_said(tmp_path) -> None:
    masks(tmp_path, values=(1, 255))
    assert "255 (50.0% of the pixels) is taken for void, which is ignored" in (
        read_own(tmp_path).notes
    )
    (tmp_path / "classes.txt").unlink()
    masks(tmp_path / "more", values=(128, 255))
    (tmp_path / "more/classes.txt").unlink()
    assert any("taken for void" in text for text in read_own(tmp_path / "more").doubts)


@pytest.mark.parametrize("text", ["0: ground\n1: plate\n", "0 ground\n1\tplate\n"])
def test_names__behind_their_numbers(tmp_path, text) -> None:
    masks(tmp_path)
    (tmp_path / "classes.txt").write_text(text)
    assert read_own(tmp_path).classes == ("ground", "plate")


def test_names__numbered_from_one_leave_zero_out(tmp_path) -> None:
    masks(tmp_path)
    (tmp_path / "classes.txt").write_text("1 plate\n2 3 way valve\n")
    found = read_own(tmp_path)
    assert found.classes == ("plate", "3 way valve") and found.values.labels == {0: 255, 1: 0, 2: 1}
    assert "no name for 0, which is taken for void" in found.doubts[0]


def test_colours__go_by_the_table(tmp_path) -> None:
    colours = dict(sky=(10, 20, 30), road=(200, 100, 0), Void=(0, 0, 0))
    picture(tmp_path / "images/1.png")
    pixels = halves(0, 1)[..., None] * 0 + [[colours["sky"]]]
    pixels[:, 12:] = colours["road"]
    pixels[:2] = colours["Void"]
    map_of(tmp_path / "masks/1.png", pixels)
    lines = [f"{name}:{','.join(map(str, colour))}::" for name, colour in colours.items()]
    (tmp_path / "labelmap.txt").write_text("\n".join(lines))
    found = read_own(tmp_path)
    assert found.classes == ("sky", "road") and found.pixels == (14 * 12, 14 * 12)
    assert found.values.void_colours == ((0, 0, 0),)
    (tmp_path / "labelmap.txt").write_text(lines[0])
    with pytest.raises(DataError, match=r"colours that labelmap\.txt does not have"):
        read_own(tmp_path)


def test_photos_as_masks__are_refused(tmp_path) -> None:
    picture(tmp_path / "images/1.png", size=(60, 60))
    picture(tmp_path / "masks/1.png", seed=1, size=(60, 60))
    with pytest.raises(DataError, match="a picture, or saved as JPEG"):
        read_own(tmp_path)


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the label files of tools are not here")
def test_files_of_tools__are_read() -> None:
    root = FORMATS / "datumaro"
    found = read_own(root / "common_semantic_segmentation_dataset/dataset")
    assert dict(zip(found.classes, found.pixels, strict=True)) == dict(
        Animal=3, Archway=0, Bicyclist=4, Child=2, Road=1
    )
    found = read_own(root / "kaggle_dataset/image_mask_with_labelmap")
    assert found.classes == ("background", "cat", "dog")
    found = read_own(FORMATS / "labelme/semantic_segmentation/data_dataset_voc")
    assert found.classes[:2] == ("_background_", "aeroplane") and len(found.pictures) == 3
