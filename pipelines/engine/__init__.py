"""Engines: four verbs, one meaning."""
