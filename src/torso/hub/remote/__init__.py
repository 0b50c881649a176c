"""Servers: the Hub and its mirrors, ModelScope, Git LFS."""
