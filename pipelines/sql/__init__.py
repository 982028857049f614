"""SQL that both engines run as it stands."""
