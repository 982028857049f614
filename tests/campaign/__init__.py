"""What is too long for every change: many kills, many runs, large corpora. `make campaign` runs it; the figures are in docs/campaigns.md."""
