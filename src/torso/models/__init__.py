"""One file per architecture: its config, its trunk, the names of its weights, its heads."""
