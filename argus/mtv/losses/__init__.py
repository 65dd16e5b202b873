"""Losses of MTV: functions of tensors, in float32 whatever the autocast."""
