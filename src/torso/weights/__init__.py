"""Checkpoints in the Hub's own form: configs, weight files, names, saving."""
