"""The kinds of classes that a model's config may name, and which kind each of its places takes."""

import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mmcv.transforms import BaseTransform
from mmengine.dataset import ClassBalancedDataset, RepeatDataset
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseDataPreprocessor, BaseModel
from mmengine.registry import DATASETS, METRICS, MODELS, TASK_UTILS, TRANSFORMS, Registry
from mmpose.codecs.base import BaseKeypointCodec
from mmpose.registry import KEYPOINT_CODECS
from mmpretrain.registry import BATCH_AUGMENTS
from torch import nn
from torch.utils.data import Dataset

PACKAGES = ("argus", "mmengine", "mmcv", "mmdet", "mmseg", "mmpose", "mmpretrain")
LIBRARIES = ("mmdet", "mmseg", "mmpose", "mmpretrain")
# Layers need not be registered, for configs name them as classes.
_LAYERS = ("torch.nn.modules", "mmcv.cnn", "mmcv.ops")
# They read files that they are told, unpickle, fetch or write something, or run what a text says.
EXCLUDED = (
    "mmcv.cnn.rfsearch",
    "mmdet.datasets.crowdhuman",
    "mmdet.datasets.openimages",
    "mmdet.datasets.transforms.instaboost",
    "mmdet.datasets.transforms.text_transformers",
    "mmdet.evaluation.metrics.base_video_metric",
    "mmdet.evaluation.metrics.cityscapes_metric",
    "mmdet.evaluation.metrics.coco_caption_metric",
    "mmdet.evaluation.metrics.coco_occluded_metric",
    "mmdet.evaluation.metrics.dump_det_results",
    "mmdet.evaluation.metrics.dump_odvg_results",
    "mmdet.evaluation.metrics.dump_proposals_metric",
    "mmdet.evaluation.metrics.mot_challenge_metric",
    "mmdet.evaluation.metrics.youtube_vis_metric",
    "mmdet.models.dense_heads.atss_vlfusion_head",
    "mmdet.models.dense_heads.grounding_dino_head",
    "mmdet.models.detectors.d2_wrapper",
    "mmdet.models.detectors.glip",
    "mmdet.models.detectors.grounding_dino",
    "mmdet.models.detectors.kd_one_stage",
    "mmdet.models.detectors.lad",
    "mmdet.models.language_models",
    "mmdet.models.mot",
    "mmdet.models.task_modules.tracking",
    "mmdet.models.trackers",
    "mmengine.evaluator.metric.DumpResults",
    "mmpose.datasets.datasets.wholebody3d",
    "mmpose.models.distillers",
    "mmpose.models.task_modules.assigners.metric_calculators",
    "mmpose.models.task_modules.assigners.sim_ota_assigner",
    "mmpretrain.datasets.caltech101",
    "mmpretrain.datasets.cifar",
    "mmpretrain.datasets.mnist",
    "mmpretrain.evaluation.metrics.caption",
    "mmpretrain.evaluation.metrics.nocaps",
    "mmpretrain.evaluation.metrics.shape_bias_label",
    "mmpretrain.evaluation.metrics.vqa",
    "mmpretrain.models.backbones.timm_backbone",
    "mmpretrain.models.classifiers.hugging_face",
    "mmpretrain.models.classifiers.timm",
    "mmpretrain.models.multimodal",
    "mmpretrain.models.retrievers",
    "mmpretrain.models.selfsup",
    "mmpretrain.models.tta",
    "mmseg.datasets.transforms.loading.LoadBiomedicalAnnotation",
    "mmseg.datasets.transforms.loading.LoadBiomedicalData",
    "mmseg.datasets.transforms.loading.LoadBiomedicalImageFromFile",
    "mmseg.models.backbones.timm_backbone",
    "mmseg.models.backbones.vpd",
    "mmseg.models.text_encoder",
)
# A type that is a word and no class, by the key of its dict. mmcv evaluates those of suppressions.
_SUPPRESSIONS = ("nms", "soft_nms", "nms_match", "nms_quadri", "nms_rotated")
_WORDS = {
    "nms": _SUPPRESSIONS,
    "nms_cfg": _SUPPRESSIONS,
    "adapt_cfg": ("offset", "dilation"),
    "roi_layer": ("RoIAlign", "RoIPool"),  # mmdet looks them up in mmcv.ops
}


@dataclass(frozen=True)
class Kind:
    """Classes that do one kind of job.

    Args:
        words: What they are, for messages.
        bases: What a class of this kind is derived from.
        registries: Roots of the registries that they are registered in.
    """

    words: str
    bases: tuple[type, ...]
    registries: tuple[Registry, ...]

    def holds(self, found: Any, trusted: Sequence[str]) -> bool:
        """Whether something is a class of this kind that a model may name.

        Args:
            found: Whatever the name stands for.
            trusted: Packages whose classes need not be registered.
        """
        if not inspect.isclass(found) or not issubclass(found, self.bases):
            return False
        path = f"{found.__module__}.{found.__qualname__}"
        if path.split(".")[0] in trusted:
            return True
        if _is_below(path, EXCLUDED):
            return False
        if nn.Module in self.bases and _is_below(path, _LAYERS):
            return True
        return any(
            found in registry.module_dict.values()
            for root in self.registries
            for registry in tree(root)
        )


DECODER = Kind("a whole model", (BaseModel,), (MODELS,))
PREPROCESSOR = Kind("a data preprocessor", (BaseDataPreprocessor,), (MODELS,))
MODULE = Kind("a network, layer or loss", (nn.Module,), (MODELS,))
TASK_UTIL = Kind("an assigner, sampler, coder, generator or cost", (object,), (TASK_UTILS,))
CODEC = Kind("a codec of keypoints", (BaseKeypointCodec,), (KEYPOINT_CODECS,))
AUGMENT = Kind("an augmentation of batches", (object,), (BATCH_AUGMENTS,))
DATASET = Kind("a data set", (Dataset, RepeatDataset, ClassBalancedDataset), (DATASETS,))
TRANSFORM = Kind("a transform of a pipeline", (BaseTransform,), (TRANSFORMS,))
METRIC = Kind("a metric", (BaseMetric,), (METRICS,))

KINDS = (MODULE, TASK_UTIL, CODEC, AUGMENT, DATASET, TRANSFORM, METRIC)
PARTS = (MODULE, TASK_UTIL, CODEC, AUGMENT)
_PLACES = tuple(
    (re.compile(pattern), kinds)
    for pattern, kinds in (
        (r"data_preprocessor", (PREPROCESSOR,)),
        (r"(batch_)?augments", (AUGMENT, MODULE)),
        (r"\w*loss\w*|(\w+_)?(backbone|neck|head|vit)s?", (MODULE,)),
        (
            r"(\w+_)?(assigner|bbox_coder|anchor_generator|prior_generator)|match_costs",
            (TASK_UTIL,),
        ),
        (r"codecs?", (CODEC,)),
        (r"datasets?", (DATASET,)),
        (r"pipeline|transforms?|packers", (TRANSFORM,)),
    )
)


def kinds_at(key: str) -> tuple[Kind, ...]:
    """What the value of ``key`` in a model's config may be; any part of a model if it is new."""
    return next((kinds for place, kinds in _PLACES if place.fullmatch(key)), PARTS)


def tree(root: Registry) -> Iterator[Registry]:
    """A registry and those below it."""
    yield root
    for child in root.children.values():
        yield from tree(child)


def is_word(name: str, key: str) -> bool:
    """Whether the dict at ``key`` has ``name`` for a type that is no class."""
    return name in _WORDS.get(key, ())


def is_layer_name(name: str, key: str, library: str | None) -> bool:
    """Whether a builder of layers looks ``name`` up, and it is a layer to every library.

    Args:
        name: Of a type.
        key: Of its dict; configs of layers are called ``norm_cfg`` and the like.
        library: Whose layers such a config may name, beside those of mmcv and torch.
    """
    if name not in MODELS.module_dict and not (
        key.endswith("_cfg") and find_registered(name, MODULE, library) and "." not in name
    ):
        return False
    known = (registry.module_dict.get(name) for registry in tree(MODELS))
    return all(MODULE.holds(found, ()) for found in known if found is not None)


def find_registered(name: str, kind: Kind, library: str | None) -> Any:
    """What a name such as ``FCNHead`` or ``mmseg.FCNHead`` stands for; ``None`` if for nothing.

    A bare name is looked up in the library, in mmengine's registry, and among Argus's own.
    """
    scope, dot, bare = name.rpartition(".")
    scopes = [scope] if dot else [library, "mmengine", "argus"]
    for root in kind.registries:
        for wanted in scopes:
            for registry in tree(root):
                if registry.scope == wanted and bare in registry.module_dict:
                    return registry.module_dict[bare]
    return None


def find_imported(path: str) -> Any:
    """What ``<module>.<name>`` stands for in what is imported already; ``None`` if for nothing.

    Nothing is imported for it, since an import runs the module's code.
    """
    module, _, name = path.rpartition(".")
    return vars(sys.modules[module]).get(name) if module in sys.modules else None


def library_of_class(kind: type) -> str | None:
    """The OpenMMLab library that a class, or the first of its bases that does, belongs to."""
    roots = (base.__module__.split(".")[0] for base in kind.__mro__)
    return next((root for root in roots if root in LIBRARIES), None)


def _is_below(path: str, modules: Sequence[str]) -> bool:
    return any(path == module or path.startswith(f"{module}.") for module in modules)
