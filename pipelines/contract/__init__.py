"""Ground floor: what every package of assay agrees on. Standard library and pyarrow only; the list of modules is closed."""
