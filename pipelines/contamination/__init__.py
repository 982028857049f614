"""13-grams of benchmark items met in documents."""
