"""Data of MTV: pictures with captions, and where they are there, named regions and depth.

Here belongs what turns shards (:mod:`argus.datasets.shards`) or a person's own pictures and captions
into the samples of :mod:`argus.mtv.batch`. ``shard_pairs`` and ``own_pairs`` are the data sets; the
members of a sample are read by ``captions``, ``regions`` and ``disparity``; ``views``, ``crops``
and ``label_shares`` are the transforms, ``geometry`` what they do to picture, boxes and depth alike,
``pack`` the end of a pipeline. ``train_tokenizer`` makes a tokenizer of captions alone.
"""

from argus.mtv.data.crops import LocalCrops
from argus.mtv.data.label_shares import LabelShares
from argus.mtv.data.own_pairs import OwnPairs
from argus.mtv.data.pack import PackClass, PackPairs
from argus.mtv.data.shard_pairs import ShardPairs
from argus.mtv.data.views import RandomView, WholeView

__all__ = [
    "LabelShares",
    "LocalCrops",
    "OwnPairs",
    "PackClass",
    "PackPairs",
    "RandomView",
    "ShardPairs",
    "WholeView",
]
