"""Presets: signal, bound, reason. One TOML file a preset."""
