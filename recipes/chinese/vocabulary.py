"""A character WordPiece vocabulary in the form of BERT's vocab.txt, made from the training texts only."""

from collections import Counter
from collections.abc import Iterable

from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

SPECIAL = {0: "[PAD]", 100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 103: "[MASK]"}
"""The places that BERT's own Chinese vocabulary gives them, so that code with these numbers in it keeps working."""

RESERVED = [SPECIAL.get(place, f"[unused{place}]") for place in range(max(SPECIAL) + 1)]
"""The head of the vocabulary, special tokens and gaps."""

ASCII = "".join(chr(code) for code in range(0x21, 0x7F) if not chr(code).isupper())
FULL_WIDTH = "".join(chr(ord(character) + 0xFEE0) for character in ASCII)
QUOTES = "“”‘’…—·、。《》〈〉「」『』【】〔〕￥"


def build(texts: Iterable[str], *, at_least: int) -> list[str]:
    """The lines of vocab.txt: special tokens, then characters and ``##`` forms, the frequent before the rare.

    BERT's rules keep runs of letters and digits together, so a character of such a run needs a ``##`` form too.
    ASCII and its full-width forms are always there; any other form needs ``at_least`` occurrences.
    """
    counts: Counter[str] = Counter()
    normalizer, splitter = BertNormalizer(lowercase=True), BertPreTokenizer()
    for text in texts:
        for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text)):
            counts[word[0]] += 1
            counts.update("##" + character for character in word[1:])
    always: list[str] = []
    for character in ASCII + FULL_WIDTH + QUOTES:
        always.append(character)
        if character.isalnum():
            always.append("##" + character)
    chosen = {form for form, count in counts.items() if count >= at_least} | set(always)
    ordered = sorted(chosen, key=lambda form: (-counts[form], form))
    return RESERVED + ordered
