"""Correspondence by features: nearest neighbours, and the pairs of SPair-71k and NAVI."""
