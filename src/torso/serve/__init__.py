"""HTTP server of models: OpenAI's, TEI's, Cohere's and torso's own routes.

Importing it loads neither torch nor the packages of the extra ``serve``.
"""

from torso.io.lazy_names import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "torso.serve.entry_points": ("app",),
        "torso.serve.serve_settings": ("ServeSettings",),
    },
)
