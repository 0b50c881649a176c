"""Text generation: settings, logits processors, sampling, beam search, streaming."""
