"""``argus train --auto-batch``: the largest batch of which a whole step fits into the memory.

``search`` doubles and bisects, ``memory`` says what fits, ``trial`` takes real steps on real
pictures, ``find`` puts them together and says what was found, and ``process`` does all of it in a
process of its own.
"""
