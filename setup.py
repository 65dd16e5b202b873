"""For tools that look for this file; pyproject.toml and requirements/ hold everything."""

from setuptools import setup

setup()
