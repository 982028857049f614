"""DAGs that call the command line; nothing of assay is imported here."""
