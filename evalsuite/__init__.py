"""Benchmarks: tasks, metrics, models under test, and scores that carry their doubt."""
