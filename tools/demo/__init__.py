"""The tour that `make demo` runs, and the pictures that its model draws for the guide.

``tools/demo.py`` beside this folder is another tool: ``argus predict`` by OpenMMLab's name.
"""
