"""Backbones, decoders, losses and the multitask model. Importing registers all of them."""

from argus.models import backbones, decoders
from argus.models.multitask import MultitaskModel

__all__ = ["MultitaskModel", "backbones", "decoders"]
