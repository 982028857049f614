"""Sources: bytes into documents, or into quarantine rows. One file a source."""
