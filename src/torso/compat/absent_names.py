"""Names of the ecosystem that torso does not have, and what to do instead. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torso.errors import NotAvailableError
from torso.io.arguments import is_other_modality, nearest

_CURES: Mapping[str, str] = {
    "AdamW": "Use torch.optim.AdamW.",
    "AutoModelWithLMHead": "Use AutoModelForCausalLM, AutoModelForMaskedLM or AutoModelForSeq2SeqLM.",
    "AutoModelForMultimodalLM": "torso reads the texts of such a model alone: use AutoModelForCausalLM.",
    "AutoModelForPreTraining": "Use AutoModelForMaskedLM or AutoModelForCausalLM.",
    "AutoModelForTextEncoding": "Use AutoModel.",
    "AutoProcessor": "torso reads texts alone: use AutoTokenizer.",
    "BatchEncoding": "Use what the tokenizer gives: a mapping of names to ids.",
    "BitsAndBytesConfig": "For weights in fewer bits: torso.optimise(model, ...) after loading.",
    "CrossEncoder": "Use torso.rerank(query, texts, model=...).",
    "DataCollatorForWholeWordMask": "Use torso.train(..., task='masked-lm'), which masks whole words.",
    "DynamicCache": "generate keeps a cache of its own: leave past_key_values and cache_implementation out.",
    "LogitsProcessor": "Pass any callable: logits_processor=[lambda ids, scores: scores].",
    "LogitsProcessorList": "Pass a list of callables: logits_processor=[...].",
    "PreTrainedTokenizer": "Use AutoTokenizer.from_pretrained(folder).",
    "PreTrainedTokenizerBase": "Use Tokenizer for annotations, AutoTokenizer to load one.",
    "SentenceTransformer": "Use torso.embed(texts, model=...).",
    "StoppingCriteria": "Pass any callable: stopping_criteria=[lambda ids, scores: ...].",
    "StoppingCriteriaList": "Pass a list of callables: stopping_criteria=[...].",
    "get_scheduler": "Use get_linear_schedule_with_warmup, or lr_scheduler_type of TrainingArguments.",
    "logging": "Leave it out. Nothing is logged: what is to be said is an error or one line on stderr.",
    "prepare_model_for_kbit_training": "Leave it out: torso trains adapters beside weights of full precision.",
    "snapshot_download": "Get a model by the command: torso get org/name --to FOLDER",
    "util": "Use torso.similar(query, texts, model=...), or the product of the vectors.",
}
_ALIKE: Mapping[str, str] = {
    "AutoModelForImageTextToText": "AutoModelForMultimodalLM",
    "Cache": "DynamicCache",
    "GPTQConfig": "BitsAndBytesConfig",
    "HybridCache": "DynamicCache",
    "PreTrainedTokenizerFast": "PreTrainedTokenizer",
    "StaticCache": "DynamicCache",
}
"""Names with the cure of another."""


def missing_name(name: str, offered: Iterable[str]) -> NotAvailableError:
    """Return the error for a name that torso does not have, with its replacement where one is known.

    Args:
        name: what was asked for.
        offered: names that a misspelt one may mean.
    """
    cure = _CURES.get(_ALIKE.get(name, name))
    if cure is not None:
        return NotAvailableError("E_NAME", "torso has no {name}.", cure=cure, values=dict(name=name))
    if is_other_modality(name):
        return NotAvailableError(
            "E_NAME",
            "torso has no {name}: its models read text, not images, video or sound.",
            cure="Use transformers for that model.",
            values=dict(name=name),
        )
    near = nearest(name, offered)
    if near is not None:
        return NotAvailableError(
            "E_NAME", "torso has no {name}.", cure="Did you mean {nearest}?", values=dict(name=name, nearest=near)
        )
    return NotAvailableError(
        "E_NAME", "torso has no {name}.", cure="dir(torso) lists what it has.", values=dict(name=name)
    )
