"""From the data sets of the tasks to batches: loaders, their processes, and classes by name.

Processes are watched: one that dies or hangs costs a sample of the budget of bad ones, not the run.
"""
