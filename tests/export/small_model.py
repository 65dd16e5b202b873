"""A model small enough to be exported in a test, with one decoder of each common kind."""

from pathlib import Path
from typing import Any

import torch

from argus.model_config import resolve_config
from argus.models.backbones import DinoVisionTransformer, ViTAdapter
from argus.models.multitask import MultitaskModel
from argus.storage.config_values import to_plain
from argus.storage.model_folder import FORMAT, ModelFolder
from tests.toy import PREPROCESS, ToyBackbone, classification_decoder, semantic_decoder

CLASSES = ("red", "green", "blue")
RGB_PREPROCESS = dict(**PREPROCESS, bgr_to_rgb=True)
DIM = 24


def backbone() -> dict[str, Any]:
    """One ViT block, one interaction."""
    vit = dict(
        type=DinoVisionTransformer,
        arch=dict(embed_dim=DIM, depth=1, num_heads=2),
        img_size=56,
        weights="random",
    )
    sizes = dict(num_interactions=1, num_extra_extractors=0, conv_inplane=8, norm_groups=4)
    return dict(type=ViTAdapter, vit=vit, freeze_vit=False, **sizes)


def depth_decoder(channels: int = DIM) -> dict[str, Any]:
    return dict(
        type="argus.DenseEstimator",
        data_preprocessor=dict(type="argus.DensePreprocessor", **RGB_PREPROCESS),
        backbone=dict(type="SharedBackbone"),
        head=dict(
            type="argus.DepthHead",
            network=dict(
                type="argus.DPTNetwork",
                in_channels=[channels] * 4,
                channels=8,
                hidden_channels=8,
                initial_output=2.0,
            ),
            max_depth=10.0,
            loss=dict(type="argus.SILogLoss"),
        ),
        test_cfg=dict(flip=True),
    )


def instance_decoder(channels: int = DIM) -> dict[str, Any]:
    widths = dict(num_heads=2, num_points=2, ffn_dim=16)
    return dict(
        type="argus.MaskDINO",
        data_preprocessor=dict(type="mmdet.DetDataPreprocessor", **RGB_PREPROCESS),
        backbone=dict(type="SharedBackbone"),
        pixel_encoder=dict(
            type="argus.MaskDINOPixelEncoder",
            in_channels=[channels] * 4,
            embed_dim=16,
            mask_dim=16,
            num_layers=1,
            norm_groups=4,
            **widths,
        ),
        head=dict(type="argus.MaskDINOHead", num_queries=6, num_layers=1, **widths),
        criterion=dict(type="argus.MaskDINOCriterion"),
        num_things_classes=len(CLASSES),
        test_cfg=dict(max_per_image=8),
    )


def decoders(channels: int = DIM) -> dict[str, Any]:
    semantic = semantic_decoder(channels)
    semantic["data_preprocessor"]["bgr_to_rgb"] = True
    classification = classification_decoder(channels)
    classification["data_preprocessor"]["to_rgb"] = True
    return dict(
        depth=depth_decoder(channels),
        semantic=semantic,
        classification=classification,
        instance=instance_decoder(channels),
    )


def write_model(folder: Path, *tasks: str, toy: bool = False) -> Path:
    """A model with random weights; with a toy for a backbone where that is not the question."""
    channels = 8 if toy else DIM
    chosen = decoders(channels)
    own = dict(type=ToyBackbone, channels=channels) if toy else backbone()
    return write_folder(folder, own, {task: chosen[task] for task in tasks or chosen})


def write_folder(folder: Path, own: dict[str, Any], chosen: dict[str, Any]) -> Path:
    """A model with random weights of a backbone and decoders by task."""
    data = dict(dataset=dict(type="mmseg.BaseSegDataset", metainfo=dict(classes=CLASSES)))
    config = dict(
        backbone=to_plain(own),
        tasks={task: to_plain(dict(decoder=d, val=data)) for task, d in chosen.items()},
        precision="fp32",
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        built = resolve_config(config, trusted=("tests",))
        model = MultitaskModel(
            built["backbone"], {n: task["decoder"] for n, task in built["tasks"].items()}
        )
        model.init_weights()
        for parameter in model.parameters():
            # What starts at zero would hide a part from the comparison.
            parameter.data += 0.05 * torch.randn_like(parameter)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    manifest = dict(
        format=FORMAT,
        argus_version="0.1.0",
        backbone=dict(name="small", sha256="", num_tensors=0, frozen=""),
        tasks={task: dict(decoder="", dataset=None, metrics={}) for task in config["tasks"]},
        sources=[],
    )
    ModelFolder(config=config, state=state, manifest=manifest).write(folder)
    return folder
