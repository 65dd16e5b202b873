"""Pictures that are too large to be decoded."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from argus.datasets.transforms.loading import decode_image
from argus.errors import ConfigError, DataError
from argus.files.pictures import MAX_MEGAPIXELS_VARIABLE, check_declared_size, open_picture
from tests.pictures import png_header


def test_decode_image__bomb() -> None:
    with pytest.raises(DataError, match=r"20000 x 20000 pixels, 400 megapixels.*bomb, no photo"):
        decode_image(png_header(20_000, 20_000))


def test_decode_image__more_than_opencv_takes() -> None:
    with pytest.raises(DataError, match="decompression bomb"):
        decode_image(png_header(60_000, 60_000))


def test_check_declared_size__large_photo_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    content = png_header(20_000, 20_000, size=1_000_000)
    with pytest.raises(
        DataError, match=f"at most 268 are decoded: .*{MAX_MEGAPIXELS_VARIABLE}=401"
    ):
        check_declared_size(content)
    monkeypatch.setenv(MAX_MEGAPIXELS_VARIABLE, "401")
    check_declared_size(content)


@pytest.mark.parametrize("text", ["many", "-3", "nan", "inf"])
def test_check_declared_size__wrong_variable(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(MAX_MEGAPIXELS_VARIABLE, text)
    with pytest.raises(ConfigError, match="expected a positive number of megapixels"):
        check_declared_size(png_header(10, 10))


def test_decode_image__trailer_of_a_photo_above_the_limit_of_pillow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", 100)  # 1,000 pixels are a bomb to it
    encoded = cv2.imencode(".jpg", np.full((20, 50, 3), 90, np.uint8))[1].tobytes()
    assert decode_image(encoded + b"a trailer").shape == (20, 50, 3)


def test_decode_image__side_that_opencv_refuses() -> None:
    file = io.BytesIO()
    Image.new("1", (1_500_000, 16)).save(file, "PNG")
    with pytest.raises(DataError, match="a side may have at most 1,048,576 pixels"):
        decode_image(file.getvalue())


def test_open_picture__hands_nothing_to_another_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "gs"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("PIL.EpsImagePlugin.gs_binary", None)
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, "EPS")
    with pytest.raises(UnidentifiedImageError):
        open_picture(file.getvalue()).load()
    with pytest.raises(DataError, match="corrupt or truncated image"):
        decode_image(file.getvalue())
    assert not (tmp_path / "ran").exists()
