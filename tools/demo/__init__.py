"""The tours that `make demo` and `make demo-real` run, and the pictures for the guide.

``tools/demo.py`` beside this folder is another tool: ``argus predict`` by OpenMMLab's name.
"""
