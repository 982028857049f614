"""Steps: one module each; a step wires kernels to an engine."""
