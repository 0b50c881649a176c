"""Configs: strict to people, lenient to files, and every parameter does what it says."""
