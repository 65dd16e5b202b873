"""Files of models and weights, and what is made of them.

Merging checkpoints into a model and splitting one, what a model says of itself (manifest, card,
description), the Hugging Face Hub, and weights from elsewhere. The format of a model folder itself
is ``argus.model_folder``'s.
"""
