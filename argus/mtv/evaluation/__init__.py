"""How good an encoder is, by the protocols of the paper: of MTV, or of anybody else.

Here belongs a module per evaluation with its options, metrics and open points, what the paper
reached, and the one file and one table that results go to. What several share, or would hide the
protocol, is in ``probes``, ``matching`` and ``depth``; :mod:`argus.mtv.encoders` has the models.
"""
