"""Cleaners: text into better text, every change recorded. One file a cleaner."""
