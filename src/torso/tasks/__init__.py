"""Text in, typed predictions out: one function per task.

Each takes one text, a list of texts or an iterator, and gives one prediction, a list or an iterator. Names load when
they are first used: ``import torso.tasks`` loads no torch.
"""

from torso.io.lazy_names import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "torso.generation.completed_text": ("Completion", "Piece"),
        "torso.generation.generation_settings": ("GenerationSettings",),
        "torso.tasks._answer": ("answer",),
        "torso.tasks._chat": ("chat", "chat_stream"),
        "torso.tasks._choose": ("choose",),
        "torso.tasks._classify": ("classify",),
        "torso.tasks._embed": ("embed", "encode"),
        "torso.tasks._embed_multi_vector": ("embed_multi_vector",),
        "torso.tasks._embed_sparse": ("embed_sparse",),
        "torso.tasks._fill": ("fill",),
        "torso.tasks._generate": ("generate", "stream"),
        "torso.tasks._rerank": ("rerank",),
        "torso.tasks._search": ("search",),
        "torso.tasks._similar": ("similar",),
        "torso.tasks._tag": ("tag",),
        "torso.tasks._translate": ("summarise", "translate"),
        "torso.tasks._zero_shot": ("zero_shot",),
        "torso.tasks.embedding": ("Embedding", "MultiVectorEmbedding", "SparseEmbedding"),
        "torso.tasks.extents": ("Extent",),
        "torso.tasks.predictions": (
            "Answer",
            "Answered",
            "Chosen",
            "Fill",
            "Filled",
            "Hit",
            "Label",
            "Match",
            "Ranked",
            "Span",
            "Tagged",
        ),
        "torso.tasks.ready": ("Ready", "make_ready"),
        "torso.tasks.text_generator": ("Generated",),
    },
)
