"""Files of pictures that no encoder would write."""

import struct
import zlib


def png_header(width: int, height: int, *, size: int = 200, bits: int = 8, kind: int = 2) -> bytes:
    """A PNG that declares a size and holds nothing, padded to ``size`` bytes.

    Args:
        width: In pixels.
        height: In pixels.
        size: Of the data, in bytes.
        bits: Of a value.
        kind: 0 for grey, 2 for RGB.
    """
    fields = b"IHDR" + struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    chunks = struct.pack(">I", 13) + fields + struct.pack(">I", zlib.crc32(fields))
    data = b"IDAT" + bytes(size)
    chunks += struct.pack(">I", size) + data + struct.pack(">I", zlib.crc32(data))
    return b"\x89PNG\r\n\x1a\n" + chunks + b"\0\0\0\0IEND\xaeB`\x82"
