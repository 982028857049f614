"""The pages, one file each; ``app/Home.py`` lists them."""
