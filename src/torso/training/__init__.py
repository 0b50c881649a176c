"""Fine-tuning: from a table of texts and labels to a folder that transformers loads."""
