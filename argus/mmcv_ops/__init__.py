"""mmcv's operators without a compiler: what detectors call of ``mmcv._ext``, by torch alone.

``mmcv.ops`` calls one compiled module, ``mmcv._ext``, whose build is most of an install. Where that
module is there, it is used, and nothing of this folder is. Where it is not, a module of its name is
made from here: :mod:`argus.libraries.stand_ins`, which ``import argus`` registers, sees to it.

What belongs here: one file per operator, a function with the arguments of the compiled one, on CPU
and CUDA tensors, through torch and torchvision; :mod:`argus.mmcv_ops.extension` has their names. An
operator that is not among them raises when it is called. Importing this package imports no torch.
"""
