"""What checkpoints and models are on disk: what they hold, and how they are written and read.

Both are data: written whole or not at all, checked when they are read, and reading runs no code.
``checkpoint`` is a file of a training, ``model_folder`` a whole model; ``config_values`` has their
configs as plain values, ``forms`` the form of every field, ``tensor_problems`` says why tensors do
not fit a model. What is made of such files is in :mod:`argus.model_files`, when a training writes
them in :mod:`argus.engine.checkpoints`.
"""
