"""Default special tokens of each family: those of its class in transformers, used if no file names them."""

from __future__ import annotations

from torso.text.tokenizer_json import special
from torso.text.tokenizer_settings import BERT_TOKENS, AddedToken

_END = "<|endoftext|>"
# A mask that takes the space before it, as a word would.
_MASK = {"mask_token": AddedToken("<mask>", lstrip=True)}
_MASK_IN_BRACKETS = {"mask_token": AddedToken("[MASK]", lstrip=True)}

BERT = special(BERT_TOKENS)
MPNET = (
    special(
        dict(
            bos_token="<s>",
            eos_token="</s>",
            unk_token="[UNK]",
            sep_token="</s>",
            pad_token="<pad>",
            cls_token="<s>",
        )
    )
    | _MASK
)
GPT = special(dict(unk_token="<unk>"))
GPT2 = special(dict(bos_token=_END, eos_token=_END, unk_token=_END))
GPT_NEOX = GPT2 | special(dict(pad_token="<|padding|>"))
QWEN2 = special(dict(eos_token=_END, unk_token=_END, pad_token=_END))
# What models trained with fairseq have: RoBERTa, BART, XLM-RoBERTa, CamemBERT, mBART.
FAIRSEQ = (
    special(
        dict(
            bos_token="<s>",
            eos_token="</s>",
            unk_token="<unk>",
            sep_token="</s>",
            pad_token="<pad>",
            cls_token="<s>",
        )
    )
    | _MASK
)
M2M_100 = {name: token for name, token in FAIRSEQ.items() if name not in ("cls_token", "mask_token")}
MBART_50 = {name: token for name, token in FAIRSEQ.items() if name != "bos_token"}
_BRACKETS = special(dict(bos_token="[CLS]", eos_token="[SEP]", sep_token="[SEP]", cls_token="[CLS]"))
DEBERTA = _BRACKETS | special(dict(unk_token="[UNK]", pad_token="[PAD]")) | _MASK_IN_BRACKETS
DEBERTA_V2 = _BRACKETS | special(dict(unk_token="[UNK]", pad_token="[PAD]", mask_token="[MASK]"))
ALBERT = _BRACKETS | special(dict(unk_token="<unk>", pad_token="<pad>", mask_token="[MASK]"))
T5 = special(dict(eos_token="</s>", unk_token="<unk>", pad_token="<pad>"))
PEGASUS = T5 | special(dict(mask_token="<mask_2>"))
LLAMA = special(dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>"))
GEMMA = special(dict(bos_token="<bos>", eos_token="<eos>", unk_token="<unk>", pad_token="<pad>", mask_token="<mask>"))
