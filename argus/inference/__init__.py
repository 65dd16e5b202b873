"""From pictures to data samples with predictions: what stands behind ``argus.Argus``."""
