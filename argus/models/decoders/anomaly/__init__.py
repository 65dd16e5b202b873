"""Anomaly detection: one detector, two heads behind one interface."""

from argus.models.decoders.anomaly.detector import AnomalyDetector
from argus.models.decoders.anomaly.feature_noise import SimpleNetHead
from argus.models.decoders.anomaly.head import AnomalyHead
from argus.models.decoders.anomaly.segmentation import DRAEMHead

__all__ = ["AnomalyDetector", "AnomalyHead", "DRAEMHead", "SimpleNetHead"]
