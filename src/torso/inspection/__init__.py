"""What a model does with one text, as numbers: tokens, attention, hidden states, logit lens, answers of the heads."""
