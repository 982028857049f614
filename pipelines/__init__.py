"""Raw text in, a clean corpus out; every decision on the way is a row in a table."""
