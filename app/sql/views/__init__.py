"""Views of the catalog that need more than a list of files."""
