"""torso: pretrained transformer models, got, inspected, loaded and run.

Names load when they are first used: ``import torso`` loads neither torch nor numpy.
"""

from importlib import import_module

from torso.io.lazy_names import attach

__version__ = "0.1.0"


def _of_family(name: str) -> object:
    """Return the class that a family's name on the Hub denotes, such as ``RobertaModel``."""
    families = import_module("torso.compat.family_classes")
    # A name in lower case is no class: the families need not be read.
    value = families.family_class(name) if name[:1].isupper() else None
    if value is None:
        raise families.missing(name)
    return value


__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "torso.adapters.attach_lora": ("lora", "merge"),
        "torso.adapters.lora_settings": ("Lora",),
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
        ),
        "torso.compat.family_names": (
            "BertForMaskedLM",
            "BertForMultipleChoice",
            "BertForNextSentencePrediction",
            "BertForQuestionAnswering",
            "BertForSequenceClassification",
            "BertForTokenClassification",
            "BertModel",
        ),
        "torso.compat.generation_arguments": ("GenerationConfig",),
        "torso.compat.peft_model": ("LoraConfig", "PeftModel", "TaskType", "get_peft_model"),
        "torso.compat.pipeline_base": ("Pipeline",),
        "torso.compat.pipelines": ("SUPPORTED_TASKS", "pipeline"),
        "torso.compat.pipelines_of_texts": (
            "FeatureExtractionPipeline",
            "FillMaskPipeline",
            "QuestionAnsweringPipeline",
            "TextClassificationPipeline",
            "TokenClassificationPipeline",
            "ZeroShotClassificationPipeline",
        ),
        "torso.compat.pipelines_of_generation": (
            "SummarizationPipeline",
            "Text2TextGenerationPipeline",
            "TextGenerationPipeline",
            "TranslationPipeline",
        ),
        "torso.compat.pretrained_model": ("PreTrainedModel",),
        "torso.compat.seeding": ("set_seed",),
        "torso.compat.text_streamers": ("TextIteratorStreamer", "TextStreamer"),
        "torso.config.hub_config": ("PretrainedConfig",),
        "torso.engines.compiled_decoder": ("CompiledDecoder", "compiled_decoder"),
        "torso.engines.compiled_model": ("CompiledModel",),
        "torso.engines.optimise": ("compiled", "optimise"),
        "torso.errors": ("TorsoError",),
        "torso.generation.generation_settings": ("GenerationSettings",),
        "torso.inspection.looking": ("look",),
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
            "embed_multi_vector",
            "embed_sparse",
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
        "torso.training.evaluation": ("evaluate",),
        "torso.training.fine_tuning": ("train",),
        "torso.training.rate_finder": ("find_rate",),
        "torso.training.train_settings": ("TrainSettings",),
        "torso.training.border_arguments": ("Seq2SeqTrainingArguments", "TrainingArguments"),
        "torso.training.border_callbacks": (
            "EarlyStoppingCallback",
            "TrainerCallback",
            "TrainerControl",
            "TrainerState",
        ),
        "torso.training.border_collators": (
            "DataCollatorForLanguageModeling",
            "DataCollatorForSeq2Seq",
            "DataCollatorForTokenClassification",
            "DataCollatorWithPadding",
            "DefaultDataCollator",
            "default_data_collator",
        ),
        "torso.training.border_predictions": ("EvalPrediction",),
        "torso.training.border_schedules": (
            "get_constant_schedule",
            "get_constant_schedule_with_warmup",
            "get_cosine_schedule_with_warmup",
            "get_linear_schedule_with_warmup",
        ),
        "torso.training.border_seq2seq": ("Seq2SeqTrainer",),
        "torso.training.border_trainer": ("Trainer",),
    },
    own=("__version__",),
    submodules=("blocks", "kernels", "nn"),  # messages name `torso.kernels.about`
    missing=_of_family,
)
