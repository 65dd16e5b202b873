"""Metrics that OpenMMLab lacks, the evaluator of all tasks, and its one table."""

from argus.evaluation import metrics
from argus.evaluation.evaluator import TaskEvaluator, mean_relative_gain
from argus.evaluation.table import results_table

__all__ = ["TaskEvaluator", "mean_relative_gain", "metrics", "results_table"]
