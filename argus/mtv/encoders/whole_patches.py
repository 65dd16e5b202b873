"""Sizes of pictures that a model with patches of its own size can take."""


def whole_patches(size: tuple[int, int], patch_size: int) -> tuple[int, int]:
    """The largest height and width of whole patches that a protocol's size holds.

    A protocol made for patches of 16 pixels is so run with others: 800 pixels become 798 for 14.

    Args:
        size: Height and width in pixels.
        patch_size: Of the model; one patch at least is given.
    """
    height, width = (max(side // patch_size, 1) * patch_size for side in size)
    return height, width
