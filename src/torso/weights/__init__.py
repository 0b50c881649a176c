"""Weight files of checkpoints: safetensors, torch.save and GGUF readers, name tables, value checks."""
