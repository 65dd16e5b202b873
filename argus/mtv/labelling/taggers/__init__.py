"""Taggers: what there is to look for in a picture.

Each module has one, and ``tagger`` what they have in common. A config names the tagger that it
wants, and none stands in for another: ``meta.json`` says with which one a picture was tagged.
"""
