"""A small Llama-style model: data order, training, checkpoints, generation."""
