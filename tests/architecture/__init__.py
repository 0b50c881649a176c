"""The shape of the package: an architecture is one file, imports point downwards, names and messages are complete."""
