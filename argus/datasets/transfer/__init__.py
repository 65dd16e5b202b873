"""Sets of pictures with a class each, as transfer is measured on: class folders, published layouts.

They are lists of files and labels, not data sets of a library: a frozen backbone sees each picture
once.
"""

from argus.datasets.transfer.find import read_image_set
from argus.datasets.transfer.record import ImageSet, Part

__all__ = ["ImageSet", "Part", "read_image_set"]
