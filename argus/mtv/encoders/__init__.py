"""Any vision model behind one face: of MTV, of ``transformers``, of timm.

``encoder`` has the face and finds the class for a source, a module per family what is its own.
Here belongs, too, how pictures and texts are prepared for each, and how features of many pictures
are computed and kept.
"""
