"""Scores of written texts: ROUGE by rouge-score, BLEU and chrF by sacrebleu. Loads no torch.

Chinese is compared by characters: rouge-score's own tokenizer drops every mark that is not Latin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from torso.training.data_files import optional

_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_PIECE = re.compile(r"[^\W_]+")


class _Pieces:
    """Words, and each character of scripts without spaces by itself."""

    def tokenize(self, text: str) -> list[str]:
        return _PIECE.findall(_WIDE.sub(lambda found: f" {found[0]} ", text.lower()))


def generation_scores(written: Sequence[str], targets: Sequence[str]) -> dict[str, float]:
    """Return means of ROUGE-1, ROUGE-2 and ROUGE-L F1 over texts (0 to 1), and BLEU and chrF of all (0 to 100)."""
    names = ("rouge1", "rouge2", "rougeL")
    scorer = optional("rouge_score.rouge_scorer").RougeScorer(list(names), tokenizer=_Pieces())
    sacrebleu = optional("sacrebleu")
    found = [scorer.score(target, text) for text, target in zip(written, targets, strict=True)]
    wide = sum(bool(_WIDE.search(each)) for each in targets) * 2 > len(targets)
    bleu = sacrebleu.corpus_bleu(list(written), [list(targets)], tokenize="zh" if wide else "13a")
    return {
        **{name: sum(each[name].fmeasure for each in found) / max(len(found), 1) for name in reversed(names)},
        "bleu": float(bleu.score),
        "chrf": float(sacrebleu.corpus_chrf(list(written), [list(targets)]).score),
    }
