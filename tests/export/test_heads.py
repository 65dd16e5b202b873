"""Parts that stand for code of other libraries, against that code."""

import numpy as np
import pytest
import torch
from mmdet.models import MaskFormerFusionHead, MSDeformAttnPixelDecoder
from mmengine.config import ConfigDict
from mmpose.codecs import UDPHeatmap

from argus.export.graph import export_form
from argus.export.heads.keypoint_codecs import read_udp
from argus.export.heads.panoptic import fuse
from argus.export.heads.pixel_decoder import FixedPixelDecoder


@pytest.mark.parametrize("low_score", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_fuse__equals_mmdet(low_score, seed):
    generator = torch.Generator().manual_seed(seed)
    config = ConfigDict(object_mask_thr=0.4, iou_thr=0.3, filter_low_score=low_score)
    head = MaskFormerFusionHead(num_things_classes=3, num_stuff_classes=2, test_cfg=config)
    classes = torch.randn(3, 12, 6, generator=generator) * 3
    classes[1, :, 5] += 20  # a picture without any segment
    coarse = torch.randn(3, 12, 4, 5, generator=generator) * 4 - 3
    masks = torch.nn.functional.interpolate(coarse, size=(32, 40), mode="bilinear")
    found = fuse(classes, masks, head)
    for row in range(3):
        expected = head.panoptic_postprocess(classes[row], masks[row]).sem_seg[0]
        assert torch.equal(found[row], expected)
    assert (found[1] == 5).all() and len(found.unique()) > 4


def test_fixed_pixel_decoder__equals_mmdet():
    torch.manual_seed(0)
    attention = dict(embed_dims=16, num_heads=2, num_levels=3, num_points=2, batch_first=True)
    decoder = MSDeformAttnPixelDecoder(
        in_channels=[8, 8, 8, 8],
        feat_channels=16,
        out_channels=16,
        norm_cfg=dict(type="GN", num_groups=4),
        encoder=ConfigDict(
            num_layers=2,
            layer_cfg=dict(
                self_attn_cfg=dict(**attention, dropout=0.0),
                ffn_cfg=dict(embed_dims=16, feedforward_channels=32, num_fcs=2),
            ),
        ),
        positional_encoding=dict(num_feats=8, normalize=True),
    ).eval()
    for parameter in decoder.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    maps = [torch.randn(2, 8, 64 // s, 96 // s) for s in (4, 8, 16, 32)]
    with torch.no_grad():
        feature, levels = decoder(maps)
        with export_form():
            own_feature, own_levels = FixedPixelDecoder(decoder)(maps)
    torch.testing.assert_close(own_feature, feature, atol=1e-4, rtol=1e-4)
    for own, expected in zip(own_levels, levels, strict=True):
        torch.testing.assert_close(own, expected, atol=1e-4, rtol=1e-4)


def test_read_udp__equals_mmpose():
    rng = np.random.default_rng(0)
    codec = UDPHeatmap(input_size=(64, 96), heatmap_size=(16, 24), sigma=2)
    points = rng.uniform([1, 1], [62, 94], (5, 17, 2)).astype(np.float32)
    encoded = [codec.encode(one[None], np.ones((1, 17), np.float32)) for one in points]
    heatmaps = np.stack([one["heatmaps"] for one in encoded]).astype(np.float32)
    heatmaps += rng.uniform(0, 0.02, heatmaps.shape).astype(np.float32)
    found, scores = read_udp(torch.from_numpy(heatmaps), codec)
    for row in range(5):
        expected, expected_scores = codec.decode(heatmaps[row])
        np.testing.assert_allclose(found[row], expected[0], atol=2e-2)
        np.testing.assert_allclose(scores[row], expected_scores[0], atol=1e-6)
