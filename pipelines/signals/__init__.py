"""Signals: numbers measured once for each document. One file a family."""
