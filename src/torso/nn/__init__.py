"""PyTorch modules of the descriptions in `torso.blocks`. A lazy namespace: torch is imported when a name is first used.

Every description has a module of the same name, which adds how it is computed; see `torso.nn.module`.

Letters in shapes, here and everywhere: **T** rows (tokens of all sequences), **N** sequences, **D** width, **H** query
heads, **G** key/value heads, **d** head size, **F** feed-forward width, **V** vocabulary, **C** labels, **R** requested
rows.
"""

from torso.io.lazy_names import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "torso.blocks.rule": ("Rule",),
        "torso.nn.activations": ("activation",),
        "torso.nn.attend_backends": ("attend",),
        "torso.nn.attention": (
            "Attention",
            "ClippedAttention",
            "CrossAttention",
            "TemperedAttention",
            "Unrotated",
        ),
        "torso.nn.attention_interfaces": (
            "Backend",
            "ScoreBias",
        ),
        "torso.nn.bias": (
            "BucketBias",
            "CoarseSlopeBias",
            "DistanceSlopeBias",
            "Sinks",
            "SlopeBias",
            "TokenDistanceBias",
        ),
        "torso.nn.block": (
            "ConvolvedBlock",
            "NormedResidualBlock",
            "ParallelBlock",
            "PostNormBlock",
            "PostNormCrossBlock",
            "PreNormBlock",
            "PreNormCrossBlock",
            "SandwichBlock",
        ),
        "torso.nn.bottleneck": (
            "BottleneckAttention",
            "BottleneckBlock",
            "NoNorm",
            "TrigramEmbeddings",
            "WidenedVocabHead",
        ),
        "torso.nn.context": ("Context",),
        "torso.nn.convolution": ("SequenceConvolution",),
        "torso.nn.disentangled": (
            "DisentangledAttention",
            "Distances",
            "LogDistances",
            "SharedDisentangledAttention",
        ),
        "torso.nn.embeddings": (
            "Embeddings",
            "LearnedPositions",
            "ProjectedTokens",
            "ShiftedSinusoids",
            "SinusoidalPositions",
            "TaskPositions",
            "UnpaddedPositions",
            "UnpaddedSinusoids",
        ),
        "torso.nn.feedforward": (
            "FeedForward",
            "GatedFeedForward",
        ),
        "torso.nn.heads": (
            "ChoiceHead",
            "FeatureHead",
            "Head",
            "LateSequenceHead",
            "ReplacedHead",
            "SequenceHead",
            "ShiftedVocabHead",
            "SpanHead",
            "TokenHead",
            "Transform",
            "VocabHead",
        ),
        "torso.nn.key_value_cache": (
            "KeyValueCache",
            "Step",
        ),
        "torso.nn.key_value_prefix": (
            "KeyValuePrefix",
            "PrefixedRows",
        ),
        "torso.nn.latent_attention": ("LatentAttention",),
        "torso.nn.mixture": (
            "ClampedExperts",
            "CorrectedRouter",
            "GatedBranch",
            "GroupedRouter",
            "Mixture",
            "Router",
            "SigmoidRouter",
            "StackedMixture",
        ),
        "torso.nn.module": (
            "Module",
            "build",
        ),
        "torso.nn.norm": (
            "EachHeadLayerNorm",
            "HeadLayerNorm",
            "JointRMSNorm",
            "OffsetRMSNorm",
            "RMSNorm",
            "Scale",
            "Shift",
        ),
        "torso.nn.projections": ("UnfusedLinear",),
        "torso.nn.relative_attention": ("RelativeAttention",),
        "torso.nn.rotary": (
            "PairedRotary",
            "Rotary",
        ),
        "torso.nn.trunk": (
            "EncoderDecoder",
            "EncoderOnly",
            "Trunk",
            "WrappedEncoderDecoder",
        ),
    },
)
