"""Text to ids and back: `Tokenizer`, what it gives natively (`Encoding`) and at the border (`BatchEncoding`)."""

from torso.text.batch_encoding import BatchEncoding
from torso.text.encoding import Encoding
from torso.text.tokenizer import Tokenizer

__all__ = ["BatchEncoding", "Encoding", "Tokenizer"]
