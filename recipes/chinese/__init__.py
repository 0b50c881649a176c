"""The recipe that makes torso's two bundled Chinese models from one source archive: see README.md in this folder."""
