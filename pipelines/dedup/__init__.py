"""Near-duplicates: signatures, bands, exact similarity, the walk."""
