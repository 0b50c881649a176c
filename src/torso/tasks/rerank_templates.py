"""Templates for reranking by decoders: the prompt of a query and a text, and the tokens that answer. Loads no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from torso.config.sentence_modules import MODULES, TRANSFORMERS, read_modules, transformer_folder, unusable
from torso.errors import InputError, TorsoError, UnsupportedError
from torso.io.files import inside, shown
from torso.tasks.sentence_settings import (
    inner,
    read_reading,
    read_stated,
    read_table,
    require_known,
    text_table,
    unknown,
)

if TYPE_CHECKING:
    from torso.text import Tokenizer

_QWEN_TASK = "Given a web search query, retrieve relevant passages that answer the query"
_QWEN_TEXT = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct "
    'provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n',
    "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
)
_BGE_TASK = (
    "Given a query A and a passage B, determine whether the passage contains an answer to the query by providing a "
    "prediction of either 'Yes' or 'No'."
)
_BGE_SHARE = 3 / 4
"""Part of the tokens that FlagEmbedding leaves to a query."""


@dataclass(frozen=True, slots=True)
class RerankPrompt:
    """A query and a text as a decoder reads them.

    Attributes:
        ids: as the model reads them.
        size: how many there were before the text was cut.
    """

    ids: list[int]
    size: int


class RerankTemplate(ABC):
    """A template for reranking: how a query and a text are put to a decoder.

    Attributes:
        yes: id of the token that says that a text fits.
        no: id of the token that says that it does not; None where the logit of ``yes`` alone is the answer.
        activation: dotted path of the class that makes scores; None for the sigmoid.
        max_tokens: what texts are cut to; None for the model's own limit.
    """

    yes: int
    no: int | None = None
    activation: str | None = None
    max_tokens: int | None = None

    @abstractmethod
    def render(self, query: str, text: str, limit: int | None) -> RerankPrompt:
        """Return the prompt as ids, at most ``limit``: of what is too long the end of the text is cut."""


class QwenTemplate(RerankTemplate):
    """Qwen3-Reranker's, as its model card has it (https://huggingface.co/Qwen/Qwen3-Reranker-0.6B)."""

    def __init__(self, tokenizer: Tokenizer, prompt: str | None) -> None:
        self._tokenizer, self._task = tokenizer, _QWEN_TASK if prompt is None else prompt
        self._before, self._behind = (_ids(tokenizer, text) for text in _QWEN_TEXT)
        self.yes, self.no = (known_token(tokenizer, word) for word in ("yes", "no"))

    def render(self, query: str, text: str, limit: int | None) -> RerankPrompt:
        """Return the prompt as ids."""
        body = f"<Instruct>: {self._task}\n<Query>: {query}\n<Document>: {text}"
        ids = _ids(self._tokenizer, body)
        fixed = len(self._before) + len(self._behind)
        kept = ids if limit is None else ids[: max(limit - fixed, 0)]
        return RerankPrompt([*self._before, *kept, *self._behind], fixed + len(ids))


class BgeTemplate(RerankTemplate):
    """That of bge-reranker-v2-gemma, as FlagEmbedding's FlagLLMReranker has it."""

    def __init__(self, tokenizer: Tokenizer, prompt: str | None) -> None:
        self._tokenizer = tokenizer
        self._line, self._task = _ids(tokenizer, "\n"), _ids(tokenizer, _BGE_TASK if prompt is None else prompt)
        self.yes = (_ids(tokenizer, "Yes") or [known_token(tokenizer, "Yes")])[0]

    def render(self, query: str, text: str, limit: int | None) -> RerankPrompt:
        """Return the prompt as ids."""
        first, second = _ids(self._tokenizer, f"A: {query}"), _ids(self._tokenizer, f"B: {text}")
        begin = self._tokenizer.bos_token_id
        start = [] if begin is None else [begin]
        ends = [*self._line, *self._task]
        size = len(start) + len(first) + len(self._line) + len(second) + len(ends)
        if limit is not None and size > limit:
            capacity = max(limit - len(ends) - len(start) - len(self._line), 0)
            first = first[: int(limit * _BGE_SHARE)][:capacity]
            second = second[: capacity - len(first)]
        return RerankPrompt([*start, *first, *self._line, *second, *ends], size)


class ChatRerankTemplate(RerankTemplate):
    """A chat template that knows the roles ``query`` and ``document``, as sentence-transformers renders it."""

    def __init__(self, tokenizer: Tokenizer, prompt: str | None, yes: int, no: int | None, name: str) -> None:
        self._tokenizer, self._prompt, self.yes, self.no = tokenizer, prompt, yes, no
        one, other = (_ids(tokenizer, self._rendered(text, text)) for text in ("\ue000", "\ue001 \ue001"))
        if "\ue000" not in self._rendered("\ue000", "-") or "\ue000" not in self._rendered("-", "\ue000"):
            raise no_rerank_template(name)
        end = 0
        while end < min(len(one), len(other)) and one[-1 - end] == other[-1 - end]:
            end += 1
        self._behind = one[len(one) - end :]

    def _rendered(self, query: str, text: str) -> str:
        system = [] if self._prompt is None else [{"role": "system", "content": self._prompt}]
        pair = [{"role": "query", "content": query}, {"role": "document", "content": text}]
        return self._tokenizer.apply_chat_template([*system, *pair], tokenize=False)

    def render(self, query: str, text: str, limit: int | None) -> RerankPrompt:
        """Return the prompt as ids."""
        ids = _ids(self._tokenizer, self._rendered(query, text))
        if limit is None or len(ids) <= limit:
            return RerankPrompt(ids, len(ids))
        return RerankPrompt([*ids[: max(limit - len(self._behind), 0)], *self._behind], len(ids))


RERANK_TEMPLATES: dict[str, type[QwenTemplate] | type[BgeTemplate]] = {
    "qwen3-reranker": QwenTemplate,
    "bge-reranker": BgeTemplate,
}
"""Templates that have a name, as their model cards have them."""


def is_decoder_reranker(folder: Path) -> bool:
    """Return whether a folder of sentence-transformers is a decoder that answers by a logit.

    Raises:
        FileFormatError, ConfigError: E_POOLING for files that say nothing usable.
    """
    return any(module.kind == "LogitScore" for module in read_modules(folder))


def rerank_template(
    folder: Path | None, tokenizer: Tokenizer, template: str | None, prompt: str | None, name: str
) -> RerankTemplate:
    """Return a model's template: the one that is named, else the folder's.

    Args:
        folder: of the model; None for one that was never loaded.
        tokenizer: the model's.
        template: a name of `RERANK_TEMPLATES`; None for the folder's own.
        prompt: the instruction; None for the one that the folder, or the model's card, states.
        name: what messages call the model.

    Raises:
        InputError: E_RERANK_TEMPLATE for an unknown name, or a model whose files hold no template.
        UnsupportedError: E_POOLING for modules and settings that torso does not have.
    """
    if template is not None:
        if template not in RERANK_TEMPLATES:
            raise InputError(
                "E_RERANK_TEMPLATE",
                "There is no template {template} for reranking.",
                cure="Use one of: {known}.",
                values=dict(template=repr(template), known=", ".join(RERANK_TEMPLATES)),
            )
        return RERANK_TEMPLATES[template](tokenizer, prompt)
    if folder is not None and is_decoder_reranker(folder):
        return _stated(folder, tokenizer, prompt, name)
    try:
        return ChatRerankTemplate(tokenizer, prompt, known_token(tokenizer, "yes"), known_token(tokenizer, "no"), name)
    except TorsoError as error:
        if error.code in ("E_CHAT", "E_CHAT_TEMPLATE", "E_TOKEN"):
            raise no_rerank_template(name) from None
        raise


def _stated(folder: Path, tokenizer: Tokenizer, prompt: str | None, name: str) -> ChatRerankTemplate:
    """Return what sentence-transformers' files of a decoder say."""
    modules = read_modules(folder)
    if len(modules) != 2 or modules[0].kind not in TRANSFORMERS:
        raise UnsupportedError(
            "E_POOLING",
            "{path} asks for the module {kind}, which torso does not have behind a cross-encoder.",
            cure="Use a decoder with LogitScore alone behind it, such as Qwen/Qwen3-Reranker-0.6B.",
            values=dict(path=shown(folder / MODULES), kind=repr(modules[-1].kind[:60])),
        )
    path = inside(folder, f"{modules[1].path}/config.json")
    table = read_table(path)
    require_known(path, table, ("true_token_id", "false_token_id", "module_input_name"))
    yes, no = table.get("true_token_id"), table.get("false_token_id")
    for number in (yes, no):
        if number is not None and (type(number) is not int or not 0 <= number < 1 << 31):
            raise unusable(path, "a token that is no number")
    if yes is None:
        raise unusable(path, "a token that is no number")
    home = transformer_folder(folder)
    text_path, text = text_table(home)
    _require_messages(text_path, text)
    stated = read_stated(folder)
    template = ChatRerankTemplate(tokenizer, stated.prompt or None if prompt is None else prompt, yes, no, name)
    template.activation = stated.activation
    template.max_tokens = read_reading(
        home, "text-generation", apart=("modality_config", "processing_kwargs")
    ).max_tokens
    return template


def _require_messages(path: Path, table: dict[str, Any]) -> None:
    """Refuse settings of how a chat is rendered that torso does not follow."""
    for kind in list(inner(path, {"": table.get("processing_kwargs")}, "")):
        own = inner(path, dict(cast("dict[str, Any]", table["processing_kwargs"])), kind)
        for key in ("logits_to_keep", "padding", "add_generation_prompt", "restore_suffix"):
            if key == "add_generation_prompt" and own.get(key):
                raise unknown(path, f"processing_kwargs.{kind}.{key}", own[key])
            own.pop(key, None)
        require_known(path, own, (), f"processing_kwargs.{kind}.")


def known_token(tokenizer: Tokenizer, word: str) -> int:
    """Return the id of an entry of the vocabulary.

    Raises:
        InputError: E_TOKEN for one that it does not have.
    """
    found = tokenizer.vocab.get(word)
    if found is None:
        raise InputError(
            "E_TOKEN",
            "The tokenizer has no token {word}, by which this model would answer.",
            cure="Use the tokenizer files of the model's own download.",
            values=dict(word=repr(word)),
        )
    return found


def no_rerank_template(name: str) -> InputError:
    """Return the error for a decoder whose files hold no template for reranking."""
    return InputError(
        "E_RERANK_TEMPLATE",
        "{name} is a decoder whose files hold no template for reranking.",
        cure='Name one: template="qwen3-reranker" (--template qwen3-reranker); known are {known}.',
        values=dict(name=name, known=", ".join(RERANK_TEMPLATES)),
    )


def _ids(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer.encoding(text, special=False).ids)
