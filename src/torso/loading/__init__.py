"""Loading and saving models: from a name or a folder to a model, and back to a folder."""
