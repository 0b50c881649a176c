"""The models that torso brings: one folder each, named by ``torso:NAME``."""
