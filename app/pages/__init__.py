"""The pages, one file each; ``Home.py`` lists them."""
