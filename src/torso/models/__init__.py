"""One file per architecture: its config, its wiring, the names of its weights, its heads."""
