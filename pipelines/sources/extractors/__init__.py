"""Extractors: the text of an HTML page. One file an extractor."""
