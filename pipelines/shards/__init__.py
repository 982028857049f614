"""Tokens and the published corpus."""
