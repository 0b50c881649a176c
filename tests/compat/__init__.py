"""The border: a notebook written for transformers runs with only its import line changed."""
