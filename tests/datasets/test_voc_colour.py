from mmseg.datasets import PascalVOCDataset

from argus.datasets.voc_colour import voc_colour


def test_voc_colour__equals_the_published_palette():
    expected = [tuple(colour) for colour in PascalVOCDataset.METAINFO["palette"]]
    assert [voc_colour(i) for i in range(21)] == expected


def test_voc_colour__256_different_colours():
    assert len({voc_colour(i) for i in range(256)}) == 256
    assert voc_colour(255) == (224, 224, 192)
