"""Files as such: what they are, what they hold, and how they are read, written and fetched safely.

Nothing here knows a task, a model or a data set.
"""
