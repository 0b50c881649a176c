"""Tokenization: `Tokenizer`, its native result (`Encoding`) and transformers' form of it (`BatchEncoding`)."""

from torso.text.batch_encoding import BatchEncoding
from torso.text.encoding import Encoding
from torso.text.tokenizer import Tokenizer

__all__ = ["BatchEncoding", "Encoding", "Tokenizer"]
