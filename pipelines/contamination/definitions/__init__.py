"""Other projects' definitions of contamination, under their names."""
