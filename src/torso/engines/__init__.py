"""Running a model over many texts: which texts go together, and their results in the order they came."""
