"""Data: the data sets and transforms that the OpenMMLab libraries lack, samplers, checks.

Importing the package is cheap; ``argus.datasets.registered`` imports all that registers itself.
"""
