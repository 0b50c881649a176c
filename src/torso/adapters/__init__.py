"""Low-rank adapters (LoRA): given to a model, merged into it, and kept in folders that PEFT reads and writes."""
