"""Tools for those who work on torso; no part of the package."""
