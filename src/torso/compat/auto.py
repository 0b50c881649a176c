"""The ecosystem's names over torso: a notebook written for transformers runs with only its import line changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

from torso.architecture import Task
from torso.compat.auto_model import AutoModelFor, changed
from torso.compat.loading_arguments import (
    ModelArguments,
    TokenizerArguments,
    resolve_arguments,
    subfolder_of,
    tokenizer_settings,
)
from torso.compat.padded_outputs import FeaturesOutput, LogitsOutput, QuestionAnsweringOutput
from torso.config.hub_config import HubConfig
from torso.errors import InputTypeError
from torso.io.arguments import checked_calls
from torso.loading.load import Source, load_tokenizer, read_config

if TYPE_CHECKING:
    from torso.text import Tokenizer


class ByNameAlone:
    """What is made from a folder or a name: no object of its own."""

    def __init__(self, *inputs: object, **named: object) -> None:
        """Refuse: which class it is follows from a checkpoint.

        Raises:
            InputTypeError: ``E_AUTO``.
        """
        raise InputTypeError(
            "E_AUTO",
            "{kind} makes nothing by itself: which class it is follows from a checkpoint.",
            cure="Write {kind}.from_pretrained(folder).",
            values=dict(kind=type(self).__name__),
        )


@checked_calls
class AutoConfig(ByNameAlone):
    """Configs by name or folder."""

    @staticmethod
    def from_pretrained(
        pretrained_model_name_or_path: Source,
        *,
        num_labels: int | None = None,
        id2label: Mapping[int, str] | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        changes: Mapping[str, Any] | None = None,
        revision: str | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        local_files_only: bool = False,
        force_download: bool = False,
        token: str | bool | None = None,
        **more: Unpack[ModelArguments],
    ) -> HubConfig:
        """The config of a model: print it to see every parameter. Loads no torch; fetches no weights.

        Args:
            pretrained_model_name_or_path: a folder, or a name such as ``hfl/rbt3``.
            num_labels: how many labels the head shall have.
            id2label: their names.
            output_attentions: whether models built from it return attention weights by default.
            output_hidden_states: whether they return every layer's rows by default.
            changes: any other parameters to change, by name.
            revision: branch, tag or commit, for a name.
            cache_dir: where downloaded models are kept.
            local_files_only: whether the network is left alone.
            force_download: whether to download again what is there.
            token: for private models; True reads the saved one.
            more: see `ModelArguments`: keys of the config to change, and what has no effect here.

        Raises:
            InputTypeError, UnsupportedError: ``E_ARGUMENT``: an argument that does not exist, or cannot hold here.
            NotFoundError, OfflineError, NetworkError: the model cannot be had.
            ConfigError, UnsupportedError, UnknownParameterError: the config, or a change, cannot be.
        """
        from torso.hub import resolve

        resolved = resolve_arguments("from_pretrained", more, AutoConfig.from_pretrained)
        folder = resolve(
            subfolder_of(pretrained_model_name_or_path, resolved.subfolder),
            revision=revision,
            cache_dir=cache_dir,
            local_files_only=local_files_only,
            force_download=force_download,
            token=token,
            config_only=True,
        ).folder
        asked = {**(changes or {}), **resolved.changes}
        if id2label is not None and asked.get("label2id") is None:
            asked.pop("label2id", None)
        return changed(read_config(folder)[1], num_labels, id2label, output_attentions, output_hidden_states, asked)


@checked_calls
class AutoTokenizer(ByNameAlone):
    """Tokenizers by name or folder."""

    @staticmethod
    def from_pretrained(
        pretrained_model_name_or_path: Source,
        *,
        use_fast: bool = True,
        src_lang: str | None = None,
        tgt_lang: str | None = None,
        revision: str | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        local_files_only: bool = False,
        force_download: bool = False,
        token: str | bool | None = None,
        **more: Unpack[TokenizerArguments],
    ) -> Tokenizer:
        """The tokenizer of a model, limited to the texts its position table can hold. Loads no torch.

        Args:
            pretrained_model_name_or_path: a folder, or a name such as ``hfl/rbt3``.
            use_fast: anything: there is one implementation, and its ids are those of both of transformers.
            src_lang: the language of texts, for a tokenizer that marks it, such as ``zh_CN``.
            tgt_lang: the target language.
            revision: branch, tag or commit, for a name.
            cache_dir: where downloaded models are kept.
            local_files_only: whether the network is left alone.
            force_download: whether to download again what is there.
            token: for private models; True reads the saved one.
            more: see `TokenizerArguments`: ``padding_side``, ``truncation_side``, ``model_max_length``, and what has no
                effect here.

        Raises:
            InputTypeError, InputError, UnsupportedError: ``E_ARGUMENT``: an argument that does not exist or hold here.
            NotFoundError, OfflineError, NetworkError: the model cannot be had.
            TokenizerError: its files do not make a tokenizer.
            InputError: E_LANGUAGE for a language that the tokenizer does not have.
        """
        from torso.hub import resolve

        followed = tokenizer_settings("from_pretrained", more, AutoTokenizer.from_pretrained)
        folder = resolve(
            subfolder_of(pretrained_model_name_or_path, followed.get("subfolder", "")),
            revision=revision,
            cache_dir=cache_dir,
            local_files_only=local_files_only,
            force_download=force_download,
            token=followed.get("use_auth_token") if token is None else token,
            config_only=True,
        ).folder
        tokenizer = load_tokenizer(folder, src_lang=src_lang, tgt_lang=tgt_lang)
        tokenizer = tokenizer.limited(followed.get("model_max_length"))
        return tokenizer.sided(followed.get("padding_side"), followed.get("truncation_side"))


class AutoModel(AutoModelFor[FeaturesOutput]):
    """A trunk without a head: last hidden state [N, S, D], pooled output, hidden states, attentions."""

    task = Task.FEATURES


class AutoModelForSequenceClassification(AutoModelFor[LogitsOutput]):
    """One label, several labels or a number per text: logits [N, C]."""

    task = Task.SEQUENCE_CLASSIFICATION


class AutoModelForTokenClassification(AutoModelFor[LogitsOutput]):
    """One label per token: logits [N, S, C]."""

    task = Task.TOKEN_CLASSIFICATION


class AutoModelForQuestionAnswering(AutoModelFor[QuestionAnsweringOutput]):
    """Where an answer starts and ends: scores [N, S] each."""

    task = Task.QUESTION_ANSWERING


class AutoModelForMultipleChoice(AutoModelFor[LogitsOutput]):
    """Which alternative fits: input_ids [N, alternatives, S], logits [N, alternatives]."""

    task = Task.MULTIPLE_CHOICE


class AutoModelForMaskedLM(AutoModelFor[LogitsOutput]):
    """What stands behind a mask: logits [N, S, V]."""

    task = Task.MASKED_LM


class AutoModelForCausalLM(AutoModelFor[LogitsOutput]):
    """What comes next: logits [N, S, V]."""

    task = Task.CAUSAL_LM


class AutoModelForSeq2SeqLM(AutoModelFor[LogitsOutput]):
    """What a second text says about a first: logits [N, S, V]."""

    task = Task.SEQ2SEQ_LM


class AutoModelForNextSentencePrediction(AutoModelFor[LogitsOutput]):
    """Whether a second text follows the first: logits [N, 2], 0 for yes."""

    task = Task.NEXT_SENTENCE
