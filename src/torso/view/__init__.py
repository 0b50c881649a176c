"""The page on which a model can be looked at: an ASGI application, and the files that a browser loads from it."""
