"""Saved queries: one .sql file a question, with a header that says what is asked, what a row is, and what each column holds."""
