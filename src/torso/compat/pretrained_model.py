"""What the ecosystem's model classes share: a config, loading and saving by the Hub's names, and tables of tokens."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache, partial
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, Unpack, cast

import torch
from torch import nn

from torso.architecture import Task, find
from torso.compat.loading_models import LoadingArguments, check_family, config_of, found, head_labels
from torso.compat.named_weights import load_named, save_named
from torso.compat.remote_methods import refuse_remote_method
from torso.config.hub_config import HubConfig
from torso.errors import InputTypeError, UnsupportedError
from torso.io.arguments import checked_calls
from torso.loading.labels_and_dtype import run_device
from torso.loading.load import Source

if TYPE_CHECKING:
    from torso.text import Tokenizer


def _no_such_step(self: nn.Module, *inputs: object, **named: object) -> object:
    """Refuse: PEFT keeps this method of every model that writes, and puts its own in its place while it writes.

    Raises:
        UnsupportedError: ``E_PART``.
    """
    raise UnsupportedError(
        "E_PART",
        "{kind} has no such step: torso's generate keeps its own cache, and reads no prepared inputs.",
        cure="Call model.generate(...).",
        values=dict(kind=type(self).__name__),
    )


@checked_calls
class PreTrainedModel(nn.Module):
    """A model with a config, loaded and saved under the Hub's names. Base of the family classes and of people's own.

    A class of one's own holds parts, such as ``self.bert = BertModel(config)``, and has a ``forward``;
    `from_pretrained` builds it with ``cls(config)`` and fills what the checkpoint has a name for.

    Attributes:
        family: the family whose checkpoints the class loads; None for any.
        task: the task of its head; None for a class of one's own.
    """

    family: ClassVar[str | None] = None
    task: ClassVar[Task[Any] | None] = None
    main_input_name: ClassVar[str] = "input_ids"
    model_tags: list[str] | None = None

    def __init__(self, config: HubConfig, *inputs: object, **named: object) -> None:
        super().__init__()
        self.__dict__["_config"] = config_of(config)

    def __getattr__(self, name: str) -> Any:
        refuse_remote_method(name)
        return super().__getattr__(name)

    @property
    def config(self) -> HubConfig:
        """The model's config."""
        return self.__dict__["_config"]

    @property
    def name_or_path(self) -> str:
        """Nothing here: only a model of an Auto class knows the folder that it was loaded from."""
        return ""

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """Dtype of the weights."""
        return next(self.parameters()).dtype

    @property
    def base_model_prefix(self) -> str:
        """The name of the trunk within a model with a head, such as ``bert``."""
        return find(self.config.model_type).names.prefix[0].rstrip(".")

    @property
    def base_model(self) -> nn.Module:
        """The trunk without the head; the model itself where it has none of that name."""
        return getattr(self, self.base_model_prefix, self) if self.base_model_prefix else self

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Source, **more: Unpack[LoadingArguments]) -> Self:
        """Load a checkpoint into a model of this class, in evaluation mode.

        Args:
            pretrained_model_name_or_path: a folder, a bundled model, or a name such as ``hfl/rbt3``.
            more: as `torso.AutoModel.from_pretrained` takes them; and those of the class's own ``__init__``.

        Raises:
            UnsupportedError: ``E_FAMILY``, for a checkpoint of another family.
            TorsoError: as `torso.AutoModel.from_pretrained`.
        """
        if cls.__init__ in (PreTrainedModel.__init__, nn.Module.__init__):
            raise InputTypeError(
                "E_AUTO",
                "{kind} has no modules of its own to load.",
                cure="Use AutoModel.from_pretrained(folder), or a class of your own with modules in its __init__.",
                values=dict(kind=cls.__name__),
            )
        arguments = dict(cast("dict[str, Any]", more))
        task = cls.task
        offered = PreTrainedModel.from_pretrained
        check = partial(check_family, cls.__name__, cls.family, task)
        own = {
            name: arguments.pop(name)
            for name, each in signature(cls.__init__).parameters.items()
            if name in arguments and name not in ("self", "config") and each.kind is not Parameter.VAR_KEYWORD
        }
        folder, architecture, config, resolved = found(pretrained_model_name_or_path, arguments, offered)
        check(architecture)
        labels, count = head_labels(task or Task.SEQUENCE_CLASSIFICATION, arguments)
        if labels is not None:
            config = config.replace({"id2label": dict(enumerate(labels))})
        elif count is not None or config.num_labels is None:
            config = config.replace({"num_labels": count or 2})
        model = cls(config, **own)
        load_named(model, folder, architecture, lenient=bool(arguments.get("ignore_mismatched_sizes")))
        kind = resolved.dtype
        chosen = getattr(torch, str(kind).removeprefix("torch."), torch.float32) if kind is not None else None
        return model.to(run_device(resolved.device), chosen).eval()

    def save_pretrained(
        self,
        save_directory: str | os.PathLike[str],
        *,
        tokenizer: Tokenizer | None = None,
        safe_serialization: bool = True,
    ) -> None:
        """Write a folder of the weights under the Hub's names, with the config.

        Args:
            save_directory: the folder.
            tokenizer: written beside them.
            safe_serialization: True: weights are written as safetensors alone.

        Raises:
            UnsupportedError: ``E_ARGUMENT``, for ``safe_serialization=False``.
            AccessError, DiskError: the folder cannot be written; no half file is left.
        """
        require_safetensors(safe_serialization)
        save_named(self, Path(save_directory), self.config.replace({"architectures": [type(self).__name__]}))
        if tokenizer is not None:
            tokenizer.save(save_directory)

    def push_to_hub(self, repo_id: str) -> None:
        """Refuse: torso uploads nothing.

        Raises:
            UnsupportedError: ``E_NO_UPLOAD``, with the command that uploads a folder.
        """
        raise no_upload("model", repo_id)

    def post_init(self) -> None:
        """Do nothing: weights are initialised when they are made; for classes written for transformers."""

    init_weights = post_init
    tie_weights = post_init

    prepare_inputs_for_generation = _no_such_step

    def can_generate(self) -> bool:
        """Return whether `generate` is there."""
        return False

    def add_model_tags(self, tags: Sequence[str] | str) -> None:
        """Keep tags in ``model_tags``, from which TRL's and transformers' trainers write a model card."""
        more = [tags] if isinstance(tags, str) else tags
        self.model_tags = list(dict.fromkeys([*(self.model_tags or ()), *more]))

    def num_parameters(self, only_trainable: bool = False, exclude_embeddings: bool = False) -> int:
        """Count the numbers that the model has learned.

        Args:
            only_trainable: whether frozen ones are left out.
            exclude_embeddings: whether tables of embeddings are left out.
        """
        modules = list(self.modules())
        tables = {id(each.weight) for each in modules if isinstance(each, nn.Embedding)}
        counted = (each for each in self.parameters() if each.requires_grad or not only_trainable)
        return sum(each.numel() for each in counted if not (exclude_embeddings and id(each) in tables))

    def get_memory_footprint(self, return_buffers: bool = True) -> int:
        """Count the bytes of the weights, and of the buffers."""
        held = [*self.parameters(), *(self.buffers() if return_buffers else ())]
        return sum(each.numel() * each.element_size() for each in held)

    def set_attn_implementation(self, attn_implementation: str) -> None:
        """Do nothing: attention is computed in one way, and ``output_attentions`` gives its weights."""

    def get_input_embeddings(self) -> nn.Embedding:
        """The table of tokens."""
        return self._with_table().get_input_embeddings()

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        """Take the weight of another table of tokens."""
        self._with_table().set_input_embeddings(value)
        self.__dict__["_config"] = self.config.replace({"vocab_size": value.num_embeddings})

    def resize_token_embeddings(
        self, new_num_tokens: int | None = None, pad_to_multiple_of: int | None = None, mean_resizing: bool = True
    ) -> nn.Embedding:
        """Give the vocabulary of the part with the table another size; return the table."""
        table = self._with_table().resize_token_embeddings(new_num_tokens, pad_to_multiple_of, mean_resizing)
        self.__dict__["_config"] = self.config.replace({"vocab_size": table.num_embeddings})
        return table

    def _with_table(self) -> PreTrainedModel:
        base = self.base_model
        if base is self or not isinstance(base, PreTrainedModel):
            raise UnsupportedError(
                "E_PART",
                "{kind} has no table of tokens under the name {prefix}.",
                cure="Ask the part that has one, such as model.encoder.get_input_embeddings().",
                values=dict(kind=type(self).__name__, prefix=self.base_model_prefix),
            )
        return base

    def gradient_checkpointing_enable(self, gradient_checkpointing_kwargs: dict[str, Any] | None = None) -> None:
        """Keep no activations inside blocks for the backward pass, in training: less memory, about a third more time.

        Args:
            gradient_checkpointing_kwargs: ``{"use_reentrant": False}`` or None; there is one way.
        """
        for each in self._parts():
            each.gradient_checkpointing_enable(gradient_checkpointing_kwargs)

    def gradient_checkpointing_disable(self) -> None:
        """Keep activations again."""
        for each in self._parts():
            each.gradient_checkpointing_disable()

    def _parts(self) -> list[PreTrainedModel]:
        children = list(self.children())
        return [each for each in children if isinstance(each, PreTrainedModel)]


def require_safetensors(safe_serialization: bool) -> None:
    """Refuse to write weights as a pickle.

    Raises:
        UnsupportedError: ``E_ARGUMENT``.
    """
    if not safe_serialization:
        raise UnsupportedError(
            "E_ARGUMENT",
            "safe_serialization=False asks for weights as a pickle; torso writes safetensors alone.",
            cure="Leave it out: every library of the last years reads safetensors.",
        )


def no_upload(what: str, name: str) -> UnsupportedError:
    """The error of an upload."""
    return UnsupportedError(
        "E_NO_UPLOAD",
        "torso uploads nothing; {name} was to be given a {what}.",
        cure="Save it, {what}.save_pretrained('FOLDER'), and upload the folder: hf upload {name} FOLDER",
        values=dict(name=name, what=what),
    )


@cache
def pretrained_class(family: str) -> type[PreTrainedModel]:
    """The base class of a family's models, such as ``BertPreTrainedModel``."""
    name = f"{family}PreTrainedModel"
    about = f"Base of the {family} classes, and of people's own with {family} parts; see `PreTrainedModel`."
    own = {"family": family, "__module__": "torso", "__qualname__": name, "__doc__": about}
    return type(name, (PreTrainedModel,), own)
