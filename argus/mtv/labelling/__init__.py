"""Labels that other models make of pictures in shards: named regions and depth, to train MTV on.

Source: "Revisiting Multi-Task Visual Representation Learning" (arXiv 2601.13886), section on data.

Here belongs what makes side-cars of shards (:mod:`argus.datasets.shards`) with the members that
:mod:`argus.mtv.data` reads. ``shard`` has the one function all rests on, a shard in and its
side-car out; ``stream`` the way of pictures through threads and batches; ``done`` and ``claims``
what lets any number of workers be killed and started again; ``workers``, ``partition`` and
``ray_workers`` who labels which shard. A ``labeller`` makes some members of a sample: ``depth``,
``regions`` (one of the ``taggers`` and the boxes of ``owlv2``) and ``florence2`` do so by models of
``transformers``, which ``teachers`` reads and takes note of. ``run`` begins with a config.
"""
