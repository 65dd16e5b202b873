"""How well frozen features tell the classes of other sets: nearest neighbours and a linear probe.

A module for the features of a model, their cache, each of the two classifiers, the scores, and the
whole measurement.
"""
