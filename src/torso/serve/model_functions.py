"""Which functions of torso a model serves, and which task a folder is served for."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from torso.adapters.adapted_job import task_of_adapter
from torso.adapters.adapter_folder import is_adapter
from torso.architecture import Task
from torso.config.sentence_modules import read_modules
from torso.errors import TorsoError
from torso.loading.load import read_config
from torso.tasks.ready import Ready
from torso.tasks.rerank_templates import is_decoder_reranker, rerank_template
from torso.tasks.vector_kinds import kinds_of

ROUTES: dict[Task[Any], tuple[str, ...]] = {
    Task.FEATURES: ("embed", "similar"),
    Task.SEQUENCE_CLASSIFICATION: ("classify", "rerank", "zero_shot"),
    Task.TOKEN_CLASSIFICATION: ("tag",),
    Task.QUESTION_ANSWERING: ("answer",),
    Task.MULTIPLE_CHOICE: ("choose",),
    Task.MASKED_LM: ("fill",),
    Task.CAUSAL_LM: ("generate", "chat"),
    Task.SEQ2SEQ_LM: ("generate", "summarise", "translate"),
}
"""The functions of torso that a model of each task serves; see `functions_of`."""


def functions_of(ready: Ready[Any], template: str | None = None) -> tuple[str, ...]:
    """Return the functions of torso that a model serves: those of its task, and what its folder adds or takes away.

    A SPLADE and a BGE-M3 give sparse vectors; a ColBERT gives several of a text and ranks by them; a decoder that
    answers by a logit ranks, and does not write; one that writes ranks, too, where it is given a template.

    Args:
        ready: the model.
        template: by which a decoder that writes ranks texts; None for none.

    Raises:
        InputError: E_RERANK_TEMPLATE for a template that there is not; E_TOKEN for one that the model cannot follow.
    """
    own, folder = ROUTES.get(ready.runner.task, ()), ready.folder
    if template is not None and ready.runner.task is Task.CAUSAL_LM:
        rerank_template(folder, ready.tokenizer, template, None, ready.name)
        return (*own, "rerank")
    if folder is None:
        return own
    with suppress(TorsoError):  # a recipe that cannot be followed is an error where it is asked for
        if ready.runner.task is Task.CAUSAL_LM:
            return ("rerank",) if is_decoder_reranker(folder) else own
        kinds = kinds_of(folder)
        if kinds == ("multi-vector",) and ready.runner.task is Task.FEATURES:
            return ("embed_multi_vector", "rerank")
        if kinds == ("sparse",) and ready.runner.task is Task.MASKED_LM:
            return ("embed_sparse", *own)
        if ready.runner.task is Task.FEATURES:
            named = {"sparse": "embed_sparse", "multi-vector": "embed_multi_vector"}
            return (*own, *(named[kind] for kind in kinds if kind in named))
    return own


def task_of(folder: Path) -> Task[Any]:
    """Return the task that a model folder is for: as its modules, else its ``architectures`` say, else features.

    Raises:
        TorsoError: as `read_config`.
    """
    if is_adapter(folder):
        return task_of_adapter(folder)
    architecture, config = read_config(folder)
    if is_decoder_reranker(folder):
        return Task.CAUSAL_LM
    if kinds_of(folder) == ("sparse",):
        return Task.MASKED_LM
    names = config.architectures or []
    found = architecture.named_tasks(names)
    found += [task for task in architecture.tasks if any(name.endswith(task.suffix) for name in names)]
    if read_modules(folder) and Task.SEQUENCE_CLASSIFICATION not in found:
        return Task.FEATURES
    return found[0] if found else Task.FEATURES
