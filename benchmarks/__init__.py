"""What `make bench` measures: each stage beside its peers, the same texts in the same run, outputs compared. See docs/benchmarks.md."""
