"""Recipes: a task in a few lines, for each kind of task one.

Here belongs what turns ``dict(type="SemanticTask", data="data/plates", classes=[...])`` into the
ordinary task that everything else reads: decoder, pipelines, preprocessor, metric. Each kind has a
file, with a class in :data:`argus.registry.RECIPES`; one of your own is a subclass of
:class:`~argus.recipes.base.Recipe` that is registered there. :mod:`~argus.recipes.expansion` is the
one place where a config's recipes are expanded.
"""

from argus.recipes.anomaly import AnomalyTask
from argus.recipes.base import Recipe
from argus.recipes.boundary import BoundaryTask
from argus.recipes.classification import ClassificationTask, TagsTask
from argus.recipes.depth import DepthTask
from argus.recipes.detection import DetectionTask
from argus.recipes.expansion import expand_config, expand_tasks
from argus.recipes.instance import InstanceTask
from argus.recipes.keypoints import KeypointsTask
from argus.recipes.normals import NormalsTask
from argus.recipes.panoptic import PanopticTask
from argus.recipes.saliency import SaliencyTask
from argus.recipes.semantic import ParsingTask, SemanticTask

__all__ = [
    "AnomalyTask",
    "BoundaryTask",
    "ClassificationTask",
    "DepthTask",
    "DetectionTask",
    "InstanceTask",
    "KeypointsTask",
    "NormalsTask",
    "PanopticTask",
    "ParsingTask",
    "Recipe",
    "SaliencyTask",
    "SemanticTask",
    "TagsTask",
    "expand_config",
    "expand_tasks",
]
