"""HTTP server of models: OpenAI's, TEI's, Cohere's and torso's own routes.

Importing it loads neither torch nor the packages of the extra ``serve``.
"""
