"""What needs no PyTorch, tested where there is none."""
