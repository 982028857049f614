"""Detectors: text into spans of personal data. One file a detector."""
