"""The colours of PASCAL VOC's label maps, which many others have, too."""


def voc_colour(label: int) -> tuple[int, int, int]:
    """RGB of a label in the PASCAL VOC palette: the label's bits, dealt out to the channels.

    Bit 3 i + c of the label is bit 7 - i of channel c, so that neighbouring labels differ most.

    Args:
        label: In [0, 255]; 0 is black.
    """
    red, green, blue = (
        sum((label >> 3 * i + channel & 1) << 7 - i for i in range(8)) for channel in range(3)
    )
    return red, green, blue
