"""A model as one file for other runtimes: ONNX, or PyTorch's exported program."""

from argus.export.exporter import export_model
from argus.export.report import ExportReport

__all__ = ["ExportReport", "export_model"]
