"""Mistakes in the config of the tutorial, and what has to be in the message about each."""

from tests.tutorial import MODEL

HEAD = "tasks['plates'].decoder.decode_head"
TRAIN = "tasks.plates.train.dataset: the data set cannot be built: dataset"
METRICS = '    metrics=dict(type=IoUMetric, iou_metrics=["mIoU"]),\n'
# The tutorial's text and what stands there by mistake; words of the message.
MISTAKES = {
    "misspelt key": (
        "primary=",
        "primry=",
        ["ConfigError: tasks['plates']", "unknown key 'primry'", "Did you mean 'primary'?"],
    ),
    "no metric": (METRICS, "", ["ConfigError: tasks['plates']", "no metric", "Add metrics=dict("]),
    "metric without a dict": (
        METRICS,
        "    metrics=IoUMetric,\n",
        ["ConfigError: tasks['plates'].metrics: expected dict(type=...)", "IoUMetric"],
    ),
    "other number of classes": (
        "    num_classes=3,\n",
        "    num_classes=4,\n",
        [f"ConfigError: {HEAD}.num_classes is 4", "train data set has 3", "Set num_classes=3"],
    ),
    "no batch size": (
        "        batch_size=4,\n        num_workers=1,\n    ),\n    val=",
        "    ),\n    val=",
        ["ConfigError: tasks['plates'].train", "'batch_size' is missing"],
    ),
    "unknown sampling": (
        "        batch_size=4,\n        num_workers=1,\n    ),\n    val=",
        "        batch_size=4,\n        sampling='random',\n    ),\n    val=",
        ["ConfigError: tasks['plates'].train.sampling", "'shuffle'", "found 'random'"],
    ),
    "a list of tasks": (
        "dict(plates=plates)",
        "[plates]",
        ["ConfigError: tasks: expected dict(name=task, ...), found a list"],
    ),
    "the task without its name": (
        "tasks = dict(plates=plates)",
        "tasks = plates",
        ["ConfigError: tasks: expected dict(name=task, ...), found the task", "Give it a name"],
    ),
    "unknown key of the training": (
        "max_iters=",
        "max_iter=",
        ["ConfigError: train_cfg: unknown key 'max_iter'", "max_iters"],
    ),
    "no data": (
        "data/plates",
        "data/plate",
        ["for tasks.plates.train.dataset", "Missing:", "data/plate\n", "data_root=..."],
    ),
    "no model": (
        MODEL,
        "work_dirs/demo/modle",
        ["Error: ", "work_dirs/demo/modle", "checkpoint"],
    ),
    "not a model": (
        MODEL,
        "work_dirs/demo",
        ["CheckpointError: work_dirs/demo is not the folder of a model", "argus merge` makes one"],
    ),
    "key of the backbone": (
        "checkpoint=",
        "chekpoint=",
        ["ConfigError: backbone: unknown key 'chekpoint'", "Did you mean 'checkpoint'?"],
    ),
    "a backbone of its own": (
        "dict(type=SharedBackbone)",
        "dict(type='ResNet', depth=18)",
        ["ConfigError: tasks['plates'].decoder", "'ResNet'", "backbone=dict(type=SharedBackbone)"],
    ),
    "weights for a backbone of its own": (
        "dict(type=SharedBackbone)",
        "dict(type=SharedBackbone), pretrained='open-mmlab://resnet50_v1c'",
        [
            "ConfigError: tasks['plates'].decoder.pretrained='open-mmlab://r",
            "Remove it: the decoder",
        ],
    ),
    "keys of a backbone of its own": (
        "dict(type=SharedBackbone)",
        "dict(type=SharedBackbone, depth=18)",
        ["ConfigError: tasks['plates'].decoder.backbone: unknown key 'depth'", "Remove them"],
    ),
    "other channels": (
        "[96, 96, 96, 96]",
        "[768, 768, 768, 768]",
        [f"ConfigError: {HEAD}.in_channels=[768, 768, 768, 768]", "4 maps", "of 96 channels"],
    ),
    "misspelt model": (
        "type=EncoderDecoder",
        "type='mmseg.EncodeDecoder'",
        ["ConfigError: tasks['plates'].decoder.type", "Did you mean 'mmseg.EncoderDecoder'"],
    ),
    "model without its library": (
        "type=EncoderDecoder",
        "type='EncoderDecoder'",
        ["tasks['plates'].decoder.type: there is no model", "Did you mean 'mmseg.EncoderDecoder'"],
    ),
    "misspelt head": (
        "type=SegformerHead",
        "type='SegFormerHead'",
        [f"ConfigError: {HEAD}.type: there is no model 'SegFormerHead'", "mean 'SegformerHead'"],
    ),
    "misspelt layer": (
        'type="GN"',
        'type="GNN"',
        [f"ConfigError: {HEAD}.norm_cfg.type: there is no layer 'GNN'", "Did you mean 'GN'?"],
    ),
    "misspelt data set": (
        "type=BaseSegDataset",
        "type='BaseSegDatset'",
        [f"DataError: {TRAIN}.type: there is no dataset", "Did you mean 'BaseSegDataset'"],
    ),
    "misspelt transform": (
        "type=RandomFlip",
        "type='RandomFlp'",
        [f"DataError: {TRAIN}.pipeline[2].type: there is no transform", "mean 'RandomFlip'"],
    ),
    "misspelt metric": (
        "type=IoUMetric",
        "type='IOUMetric'",
        ["ConfigError: tasks['plates'].metrics[0].type: there is no metric", "mean 'IoUMetric'"],
    ),
    "key of a head": (
        "align_corners",
        "align_corner",
        [f"ConfigError: {HEAD}: unknown key 'align_corner' of Seg", "mean 'align_corners'?"],
    ),
    "key of a data set": (
        "img_suffix",
        "image_suffix",
        [f"DataError: {TRAIN}: unknown key 'image_suffix' of BaseSeg", "mean 'img_suffix'?"],
    ),
    "head without a key": (
        "            num_classes=3,\n",
        "",
        [f"ConfigError: {HEAD}: 'num_classes' missing, which SegformerHead needs"],
    ),
    "groups that do not divide": (
        "num_groups=8",
        "num_groups=7",
        ["ConfigError: tasks['plates'].decoder cannot be built", "divisible by num_groups (7)"],
    ),
    "factor of nothing": (
        "weight_decay=0.05)",
        "weight_decay=0.05), paramwise_cfg=dict(lr_mult={'decoders.plate.': 2.0})",
        ["ConfigError: optim_wrapper.paramwise_cfg.lr_mult", "begins with ['decoders.plate.']"],
    ),
    "wrong suffix": (
        'img_suffix=".png"',
        'img_suffix=".jpg"',
        ["DataError: tasks.plates.train.dataset: no samples found", "file suffix"],
    ),
    "stream that is no name": (
        "primary=",
        "stream=['plates'], primary=",
        ["ConfigError: tasks['plates'].stream: expected the name", "found ['plates']"],
    ),
    "metric without type": (
        "metrics=dict(type=IoUMetric, iou",
        "metrics=dict(iou",
        ["ConfigError: tasks['plates'].metrics[0]: expected dict(type=...)", "iou_metrics"],
    ),
    "pipeline that does not pack": (
        "dict(type=RandomFlip, prob=0.5), dict(type=PackSegInputs)",
        "dict(type=RandomFlip, prob=0.5)",
        ["ConfigError: tasks.plates.train.dataset", "no 'inputs'", "PackSegInputs (mmseg)"],
    ),
    "validation that does not pack": (
        "[*load, dict(type=PackSegInputs)]",
        "load",
        ["ConfigError: tasks.plates.val.dataset", "no 'inputs'", "PackSegInputs (mmseg)"],
    ),
    "pipeline that does not load": (
        "[*load, dict(type=RandomFlip, prob=0.5), ",
        "[",
        [
            "ConfigError: tasks.plates.train.dataset",
            "gives data_samples",
            "Begin it with LoadImage",
        ],
    ),
    "transform without a dict": (
        "dict(type=RandomFlip, prob=0.5)",
        "RandomFlip",
        ["tasks['plates'].train.dataset.pipeline[2]: expected dict(type=...)", "RandomFlip"],
    ),
    "pipeline in a pipeline": (
        "[*load, dict(type=PackSegInputs)]",
        "[load, dict(type=PackSegInputs)]",
        ["tasks['plates'].val.dataset.pipeline[0]: expected dict(type=...)", "LoadImage"],
    ),
    "backbone that is no config": (
        "backbone = dict(type=trained_backbone, ",
        "backbone = dict(",
        ["ConfigError: backbone: expected dict(type=..., ...), found a dict of checkpoint"],
    ),
}
# The same for what the config says of the run.
OPTIM = "optim_wrapper = dict(optimizer=dict(type=AdamW, lr=5e-3, weight_decay=0.05))\n"
CLIP = "weight_decay=0.05), clip_grad="
RUN_MISTAKES = {
    "no optimizer": (OPTIM, "", ["ConfigError: optim_wrapper is missing", "dict(type=AdamW"]),
    "optimizer at the top": (
        OPTIM,
        "optimizer = dict(type=AdamW, lr=5e-3)\n",
        ["ConfigError: optimizer: it belongs into optim_wrapper: optim_wrapper = dict("],
    ),
    "optimizer not nested": (
        OPTIM,
        "optim_wrapper = dict(type=AdamW, lr=5e-3)\n",
        ["ConfigError: optim_wrapper.optimizer: expected", "found the keys type, lr"],
    ),
    "misspelt optimizer": (
        "type=AdamW",
        "type='AdmW'",
        ["ConfigError: optim_wrapper.optimizer.type: there is no optimizer 'AdmW'", "'AdamW'"],
    ),
    "key of the optimizer": (
        "weight_decay",
        "weigth_decay",
        ["ConfigError: optim_wrapper.optimizer: unknown key 'weigth_decay'", "'weight_decay'?"],
    ),
    "no learning rate": (
        "lr=5e-3, ",
        "",
        ["ConfigError: optim_wrapper.optimizer: 'lr' is missing"],
    ),
    "negative learning rate": (
        "lr=5e-3",
        "lr=-5e-3",
        ["ConfigError: optim_wrapper.optimizer.lr: expected a number > 0, found -0.005"],
    ),
    "learning rate as text": (
        "lr=5e-3",
        "lr='5e-3'",
        ["ConfigError: optim_wrapper.optimizer.lr: expected a number > 0, found '5e-3'"],
    ),
    "clip_grad as a number": (
        "weight_decay=0.05)",
        f"{CLIP}1.0",
        ["ConfigError: optim_wrapper.clip_grad: expected dict(max_norm=...), found 1.0"],
    ),
    "key of clip_grad": (
        "weight_decay=0.05)",
        f"{CLIP}dict(maxnorm=1.0)",
        ["ConfigError: optim_wrapper.clip_grad: unknown key 'maxnorm'", "max_norm"],
    ),
    "clip_grad without norm": (
        "weight_decay=0.05)",
        f"{CLIP}dict(norm_type=2)",
        ["ConfigError: optim_wrapper.clip_grad: 'max_norm' is missing"],
    ),
    "wrapper of mmengine": (
        "optim_wrapper = dict(",
        "optim_wrapper = dict(type='AmpOptimWrapper', ",
        [
            "optim_wrapper.type: expected MultitaskOptimWrapper",
            "found AmpOptimWrapper",
            "'precision'",
        ],
    ),
    "factor that is no number": (
        "weight_decay=0.05)",
        "weight_decay=0.05), paramwise_cfg=dict(lr_mult={'decoders.plates.': 'low'})",
        ["lr_mult['decoders.plates.']: expected a number >= 0, found 'low'"],
    ),
    "misspelt scheduler": (
        "type=CosineAnnealingLR",
        "type='CosineAnealingLR'",
        ["ConfigError: param_scheduler[0].type: there is no", "mean 'CosineAnnealingLR'"],
    ),
    "key of a scheduler": (
        "T_max",
        "Tmax",
        ["ConfigError: param_scheduler[0]: unknown key 'Tmax'", "Did you mean 'T_max'?"],
    ),
    "scheduler by name": (
        "[dict(type=CosineAnnealingLR, by_epoch=False, T_max=200)]",
        "'cosine'",
        ["ConfigError: param_scheduler[0]: expected dict(type=", "found 'cosine'"],
    ),
    "scheduler that counts epochs": (
        "by_epoch=False, T_max",
        "T_max",
        ["ConfigError: param_scheduler[0]: CosineAnnealingLR counts epochs", "by_epoch=False"],
    ),
    "misspelt hook": (
        "type=ProgressHook",
        "type='argus.ProgresHook'",
        ["ConfigError: default_hooks.logger.type: there is no hook", "mean 'argus.ProgressHook'?"],
    ),
    "key of a hook": (
        "type=ProgressHook, interval=",
        "type=ProgressHook, intervall=",
        ["ConfigError: default_hooks.logger: unknown key 'intervall'", "'interval'?"],
    ),
    "hook of mmengine": (
        OPTIM,
        f"{OPTIM}custom_hooks = [dict(type='EMAHook')]\n",
        ["ConfigError: custom_hooks[0].type: mmengine's EMAHook", "Take 'argus.EMAHook'"],
    ),
    "hooks without a list": (
        OPTIM,
        f"{OPTIM}custom_hooks = dict(type='argus.EMAHook')\n",
        ["ConfigError: custom_hooks: expected a list [dict(type=...), ...]", "EMAHook"],
    ),
    "no number of steps": (
        "dict(max_iters=200)",
        "dict(val_interval=10)",
        ["ConfigError: train_cfg: 'max_iters' is missing"],
    ),
    "epochs": (
        "dict(max_iters=200)",
        "dict(max_epochs=200)",
        ["ConfigError: train_cfg: unknown key 'max_epochs'", "counts steps", "max_iters"],
    ),
    "training that is no dict": (
        "dict(max_iters=200)",
        "200",
        ["ConfigError: train_cfg: expected dict(max_iters=...), found 200"],
    ),
    "seed as text": (
        OPTIM,
        f"{OPTIM}randomness = dict(seed='one')\n",
        ["ConfigError: randomness.seed: expected an integer, found 'one'"],
    ),
    "key of the seed": (
        OPTIM,
        f"{OPTIM}randomness = dict(seeds=1)\n",
        ["ConfigError: randomness: unknown key 'seeds'", "seed"],
    ),
    "key of the environment": (
        OPTIM,
        f"{OPTIM}env_cfg = dict(cudnn_benchmak=True)\n",
        ["ConfigError: env_cfg: unknown key 'cudnn_benchmak'", "cudnn_benchmark"],
    ),
    "averaged weights": (
        OPTIM,
        f"{OPTIM}eval_weights = 'average'\n",
        ["ConfigError: eval_weights: expected 'ema' or 'raw', found 'average'"],
    ),
    "log level": (
        OPTIM,
        f"{OPTIM}log_level = 'LOUD'\n",
        ["ConfigError: log_level: expected one of DEBUG", "found 'LOUD'"],
    ),
    "misspelt visualizer": (
        OPTIM,
        f"{OPTIM}visualizer = dict(type='Visualiser')\n",
        ["ConfigError: visualizer.type: there is no visualizer", "Did you mean 'Visualizer'"],
    ),
    "feature cache without a folder": (
        OPTIM,
        f"{OPTIM}feature_cache = True\n",
        ["ConfigError: feature_cache: expected dict(path=...), found True"],
    ),
    "resume from a path": (
        OPTIM,
        f"{OPTIM}resume = 'iter_1.pth'\n",
        ["ConfigError: resume: expected True, False, or 'none'", "load_from"],
    ),
    "a folder as checkpoint": (
        OPTIM,
        f"{OPTIM}load_from = 'work_dirs/stage1'\n",
        ["CheckpointError: checkpoint work_dirs/stage1 is a folder", "its files: iter_1.pth"],
    ),
    "work_dir that is a file": (
        OPTIM,
        f"{OPTIM}work_dir = 'make_plates.py'\n",
        ["ConfigError: work_dir make_plates.py cannot be made", "--work-dir"],
    ),
    "best by a metric that is not there": (
        "interval=200)",
        "interval=200, save_best='plates/mIOU', rule='greater')",
        ["default_hooks.checkpoint.save_best names 'plates/mIOU'", "plates/mIoU"],
    ),
}
