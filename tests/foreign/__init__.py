"""Conformance with software that is not ours: official clients against the rig, torso against other people's servers.

`install.py` puts each into a place of its own below one folder; the tests read that folder from ``TORSO_FOREIGN``.
"""
