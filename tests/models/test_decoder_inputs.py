"""What a decoder expects of the backbone's maps is compared with what they are."""

import pytest

from argus.errors import ConfigError
from argus.models.decoder_inputs import check_in_channels

CHANNELS = (8, 16, 32, 64)


@pytest.mark.parametrize(
    "decoder",
    [
        dict(decode_head=dict(in_channels=[8, 16, 32, 64], in_index=[0, 1, 2, 3])),
        dict(decode_head=dict(in_channels=[64, 16], in_index=[-1, 1])),
        dict(decode_head=dict(in_channels=(32,), in_index=(2,))),
        dict(decode_head=dict(in_channels=16, in_index=1), auxiliary_head=None),
        dict(head=dict(in_channels=64)),
        dict(head=dict(in_channels=[16, 32], in_index=[1, 2])),
        dict(rpn_head=dict(in_channels=64, anchor_generator=dict(strides=[4, 8, 16, 32]))),
        dict(neck=dict(in_channels=[8, 16, 32, 64]), bbox_head=dict(in_channels=256)),
        dict(neck=dict(), head=dict(in_channels=64)),
        dict(neck=[dict(in_channels=[8, 16, 32, 64]), dict(in_channels=[256])]),
        dict(head=dict(network=dict(in_channels=[8, 16, 32, 64]), mask=dict(in_channels=5))),
        dict(bbox_head=dict(num_classes=3), data_preprocessor=dict(in_channels=5)),
    ],
)
def test_check_in_channels__fitting_decoder_passes(decoder: dict) -> None:
    check_in_channels(decoder, CHANNELS, where="decoder")


@pytest.mark.parametrize(
    ("decoder", "place"),
    [
        (dict(decode_head=dict(in_channels=[8, 16, 32], in_index=[0, 1, 2, 3])), "decode_head"),
        (dict(decode_head=dict(in_channels=[16, 8], in_index=[0, 1])), "decode_head"),
        (dict(decode_head=dict(in_channels=64, in_index=4)), "decode_head"),
        (dict(decode_head=dict(in_channels=8, in_index=3)), "decode_head"),
        (dict(auxiliary_head=[dict(in_channels=8), dict(in_channels=9)]), "auxiliary_head[1]"),
        (dict(neck=dict(in_channels=[8, 16, 32, 65])), "neck"),
        (dict(neck=[dict(in_channels=256)]), "neck[0]"),
        (dict(head=dict(network=dict(in_channels=[9, 9, 9, 9]))), "head.network"),
    ],
)
def test_check_in_channels__names_the_part_and_the_maps(decoder: dict, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_in_channels(decoder, CHANNELS, where="decoder")
    message = str(caught.value)
    assert message.startswith(f"decoder.{place}.in_channels=")
    assert "4 maps (in_index 0 to 3) of 8 or 16 or 32 or 64 channels" in message


@pytest.mark.parametrize(
    ("decoder", "place", "levels"),
    [
        (dict(neck=dict(in_channels=[512, 1024, 2048])), "neck.in_channels", "(1, 2, 3)"),
        (dict(neck=[dict(in_channels=[64])]), "neck[0].in_channels", "(3,)"),
        (dict(panoptic_head=dict(in_channels=[8, 16])), "panoptic_head.in_channels", "(2, 3)"),
        (
            dict(rpn_head=dict(in_channels=64, anchor_generator=dict(strides=[16]))),
            "rpn_head.anchor_generator.strides",
            "(3,)",
        ),
        (dict(bbox_head=dict(strides=(8, 16, 32))), "bbox_head.strides", "(1, 2, 3)"),
        (dict(neck=dict(in_channels=[8, 16, 32, 64, 64])), "neck.in_channels", None),
    ],
)
def test_check_in_channels__another_number_of_maps(
    decoder: dict, place: str, levels: str | None
) -> None:
    with pytest.raises(ConfigError) as caught:
        check_in_channels(decoder, CHANNELS, where="decoder")
    message = str(caught.value)
    assert message.startswith(f"decoder.{place}=")
    assert "but the decoder sees 4, of 8 or 16 or 32 or 64 channels" in message
    assert (f"levels={levels}" in message) if levels else ("name one value for each" in message)
