"""Registries of Argus: children of mmengine's, scope ``argus``.

Every registry names the package that fills it (``locations``), so an installed Argus needs no
``custom_imports``: the first lookup imports the package.
"""

from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import LOG_PROCESSORS as MMENGINE_LOG_PROCESSORS
from mmengine.registry import LOOPS as MMENGINE_LOOPS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODEL_WRAPPERS as MMENGINE_MODEL_WRAPPERS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS as MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS
from mmengine.registry import OPTIM_WRAPPERS as MMENGINE_OPTIM_WRAPPERS
from mmengine.registry import RUNNERS as MMENGINE_RUNNERS
from mmengine.registry import TASK_UTILS as MMENGINE_TASK_UTILS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import Registry

RUNNERS = Registry("runner", parent=MMENGINE_RUNNERS, locations=["argus.engine"])
LOOPS = Registry("loop", parent=MMENGINE_LOOPS, locations=["argus.engine"])
HOOKS = Registry("hook", parent=MMENGINE_HOOKS, locations=["argus.engine"])
LOG_PROCESSORS = Registry(
    "log_processor", parent=MMENGINE_LOG_PROCESSORS, locations=["argus.engine"]
)
OPTIM_WRAPPERS = Registry(
    "optim_wrapper", parent=MMENGINE_OPTIM_WRAPPERS, locations=["argus.engine"]
)
OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    "optim_wrapper_constructor",
    parent=MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS,
    locations=["argus.engine"],
)
MODELS = Registry("model", parent=MMENGINE_MODELS, locations=["argus.models"])
MODEL_WRAPPERS = Registry(
    "model_wrapper", parent=MMENGINE_MODEL_WRAPPERS, locations=["argus.engine"]
)
TASK_UTILS = Registry("task_util", parent=MMENGINE_TASK_UTILS, locations=["argus.models"])
DATASETS = Registry("dataset", parent=MMENGINE_DATASETS, locations=["argus.datasets.registered"])
TRANSFORMS = Registry(
    "transform", parent=MMENGINE_TRANSFORMS, locations=["argus.datasets.registered"]
)
METRICS = Registry("metric", parent=MMENGINE_METRICS, locations=["argus.evaluation"])
BALANCERS = Registry("balancer", locations=["argus.engine.balancing"])
TASK_SAMPLERS = Registry("task_sampler", locations=["argus.engine.task_sampling"])
RECIPES = Registry("recipe", locations=["argus.recipes"])
