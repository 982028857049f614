"""What documents and checks this repository. Nothing that is installed imports it."""
