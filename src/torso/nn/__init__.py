"""Building blocks of every architecture. A lazy namespace: torch is imported when the first block is used.

Letters in shapes, here and everywhere: **T** rows (tokens of all sequences), **N** sequences, **D** width, **H** query
heads, **G** key/value heads, **d** head size, **F** feed-forward width, **V** vocabulary, **C** labels, **R** requested
rows.
"""

from torso.io.lazy_names import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "torch.nn": ("Dropout", "Embedding", "Identity", "LayerNorm", "Linear", "Sequential"),
        "torso.nn.activations": ("activation",),
        "torso.nn.attend_backends": ("attend",),
        "torso.nn.attention": ("Attention", "CrossAttention"),
        "torso.nn.attention_rule": ("Backend", "Rule", "ScoreBias"),
        "torso.nn.bias": ("BucketBias", "SlopeBias"),
        "torso.nn.block": (
            "NormedResidualBlock",
            "ParallelBlock",
            "PostNormBlock",
            "PostNormCrossBlock",
            "PreNormBlock",
            "PreNormCrossBlock",
            "SandwichBlock",
        ),
        "torso.nn.context": ("Context",),
        "torso.nn.convolution": ("SequenceConvolution",),
        "torso.nn.disentangled": (
            "DisentangledAttention",
            "Distances",
            "LogDistances",
            "SharedDisentangledAttention",
            "Shift",
        ),
        "torso.nn.embeddings": ("Embeddings", "LearnedPositions", "SinusoidalPositions", "UnpaddedPositions"),
        "torso.nn.feedforward": ("FeedForward", "GatedFeedForward"),
        "torso.nn.heads": (
            "ChoiceHead",
            "FeatureHead",
            "Head",
            "ReplacedHead",
            "SequenceHead",
            "SpanHead",
            "TokenHead",
            "Transform",
            "VocabHead",
        ),
        "torso.nn.key_value_cache": ("KeyValueCache",),
        "torso.nn.norm": ("OffsetRMSNorm", "RMSNorm"),
        "torso.nn.rotary": ("PairedRotary", "Rotary"),
        "torso.nn.trunk": ("EncoderDecoder", "EncoderOnly", "Trunk", "WrappedEncoderDecoder"),
    },
)
