"""Files of models and weights, and what is made of them.

Merging checkpoints into a model and splitting one, what a model says of itself (manifest, card,
description), the Hugging Face Hub, and weights from elsewhere. The formats themselves are
:mod:`argus.storage`'s. What runs a model to make another file of it is in packages above:
:mod:`argus.export` for other runtimes, :mod:`argus.release` to hand it on in 16 bits.
"""
