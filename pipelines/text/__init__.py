"""Normal forms, segmentations, hashing and compiled kernels: what every step agrees a text is made of."""
