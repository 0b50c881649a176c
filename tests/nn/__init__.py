"""The blocks on their own: attention backends, activations, and the lazy namespace they live in."""
