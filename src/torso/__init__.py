"""torso: pretrained transformer models, got, inspected, loaded and run.

Names load when they are first used: ``import torso`` loads neither torch nor numpy.
"""

from torso.io.lazy_names import attach

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "torso.architecture": ("Task",),
        "torso.batch": ("Batch", "Layout", "pack", "unpack"),
        "torso.compat.auto": (
            "AutoConfig",
            "AutoModel",
            "AutoModelForCausalLM",
            "AutoModelForMaskedLM",
            "AutoModelForMultipleChoice",
            "AutoModelForNextSentencePrediction",
            "AutoModelForQuestionAnswering",
            "AutoModelForSeq2SeqLM",
            "AutoModelForSequenceClassification",
            "AutoModelForTokenClassification",
            "AutoTokenizer",
            "BertForMaskedLM",
            "BertForMultipleChoice",
            "BertForNextSentencePrediction",
            "BertForQuestionAnswering",
            "BertForSequenceClassification",
            "BertForTokenClassification",
            "BertModel",
        ),
        "torso.engines.optimise": ("optimise",),
        "torso.errors": ("TorsoError",),
        "torso.generation.generation_settings": ("GenerationSettings",),
        "torso.loading.load": ("load", "load_tokenizer"),
        "torso.model": ("Model", "new_model"),
        "torso.models.bert": ("BertConfig",),
        "torso.tasks": (
            "answer",
            "chat",
            "chat_stream",
            "choose",
            "classify",
            "embed",
            "encode",
            "fill",
            "generate",
            "rerank",
            "search",
            "similar",
            "stream",
            "summarise",
            "tag",
            "translate",
            "zero_shot",
        ),
        "torso.text": ("Encoding", "Tokenizer"),
    },
    own=("__version__",),
    submodules=("kernels",),  # messages name `torso.kernels.about`
)
