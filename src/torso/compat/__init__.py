"""The ecosystem's names over torso: Auto classes, padded tensors in and out."""
