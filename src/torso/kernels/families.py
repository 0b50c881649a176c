"""Families whose encoders the kernels run. Loads no torch; a test compares it with `torso.kernels.support.obstacle`."""

FAMILIES = frozenset(
    {
        *("Albert", "Bart", "Bert", "Camembert", "Deberta", "DebertaV2", "DistilBert", "Electra", "Ernie", "Gte"),
        *("MBart", "Marian", "MegatronBert", "ModernBert", "MPNet", "MT5", "NomicBert", "Pegasus", "Roberta"),
        *("T5", "XLMRoberta"),
    }
)
"""Families of encoders; of an encoder-decoder, its encoder."""
