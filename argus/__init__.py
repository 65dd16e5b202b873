"""Argus: one vision backbone, many tasks, on OpenMMLab.

Importing the package is cheap: nothing heavy is imported until it is used.
"""

__version__ = "0.1.0"
