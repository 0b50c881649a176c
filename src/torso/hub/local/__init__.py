"""What is on this machine: caches, folders, clones."""
