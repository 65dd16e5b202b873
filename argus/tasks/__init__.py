"""Tasks as a config states them, and what the config alone shows to be wrong with them.

What needs the data or a model to be told is checked elsewhere (``argus.engine.checks``).
"""

from argus.tasks.task import EvalData, Task, TrainData, parse_tasks, streams_of, task_problems

__all__ = ["EvalData", "Task", "TrainData", "parse_tasks", "streams_of", "task_problems"]
