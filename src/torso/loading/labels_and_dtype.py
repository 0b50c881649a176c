"""Resolution of labels, dtype and device from checkpoint, config and call."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from torso.architecture import Architecture, Task
from torso.config.hub_config import HubConfig
from torso.errors import InputError, WeightsError

if TYPE_CHECKING:
    import torch

    from torso.loading.contents import Contents

SCORES = ("out", "scorer.out")
"""Modules that make a head's scores."""
NewHead = bool | Literal["if absent"]
"""Whether a head may be made new: never, where the file lacks one, or also where the file's has other labels."""


class MatchOptions(TypedDict, total=False):
    """How the model of a folder is matched with its files; see `torso.load`.

    Attributes:
        labels: names of the labels.
        num_labels: their number.
        new_head: whether a head that the files lack is made new.
        allow: tensors of the files that may be left unread.
        allow_nonfinite: whether numbers that are not finite are accepted.
        adapter: which of the checkpoint's adapters for tasks is added to its weights.
    """

    labels: Sequence[str] | None
    num_labels: int | None
    new_head: NewHead
    allow: Collection[str]
    allow_nonfinite: bool
    adapter: str | None


class BuildOptions(MatchOptions, total=False):
    """How a model is built of a folder; see `torso.load`.

    Attributes:
        device: where the weights are loaded.
        dtype: of the weights.
    """

    device: str | torch.device | None
    dtype: str | torch.dtype | None


def resolve_labels(
    config: HubConfig,
    architecture: Architecture[Any],
    task: Task[Any],
    contents: Contents,
    labels: Sequence[str] | None,
    num_labels: int | None,
    *,
    new_head: NewHead,
    taken: Task[Any] | None = None,
) -> tuple[HubConfig, tuple[str, ...]]:
    """Return the config with the labels of the head, and the modules to initialise for it.

    Args:
        config: of the files.
        architecture: the family.
        task: of the head.
        contents: the weights.
        labels: names of the labels asked for.
        num_labels: their number.
        new_head: whether a head that the files lack is made new.
        taken: the other task that the head in the files is for.

    Raises:
        WeightsError: ``E_LABELS``, if the file's head has another number of labels and no new one may be made.
        InputError: ``E_LABELS``, for labels of a task that has none.
    """
    asked = labels_of(labels, num_labels)
    if not task.labelled:
        if asked:
            raise InputError(
                "E_LABELS",
                "The task {task} has no labels of its own.",
                cure="Leave out labels and num_labels.",
                values=dict(task=task.name),
            )
        return config, () if taken is None else SCORES
    there = None if taken is not None else contents.labels(architecture.plan(task).names)
    changed = config.replace(asked) if asked else config
    if there is None and new_head is False:
        from torso.loading.plan import no_head

        raise no_head(
            task, contents.weights.folder, [architecture.plan(task).names.keys("out.weight", contents.prefix)[0]]
        )
    if there is None:
        # As in transformers, of whose classes alone this is asked; what made the model says so.
        assumed = new_head == "if absent" and changed.num_labels is None
        return changed.replace({"num_labels": 2}) if assumed else changed, () if taken is None else SCORES
    if changed.num_labels is None:
        return changed.replace({"num_labels": there}), ()
    renamed = labels is not None and config.id2label is not None and changed.id2label != config.id2label
    if changed.num_labels == there and not (renamed and new_head is True):
        return changed, ()
    if new_head is True:
        return changed, ("out",)
    if not asked:
        raise WeightsError(
            "E_LABELS",
            "config.json names {said} labels ({names}); the head in the weights has {there}.",
            where="In {folder}.",
            cure="Name {there} labels in id2label of config.json; to start a new head: new_head=True, labels=[...].",
            values=dict(
                there=there,
                said=config.num_labels,
                names=", ".join(list((config.id2label or {}).values())[:4]) or "unnamed",
                folder=contents.weights.folder,
            ),
        )
    raise WeightsError(
        "E_LABELS",
        "This checkpoint classifies into {there} labels ({names}); {wanted} were asked for.",
        where="In {folder}.",
        cure="To start a new head: new_head=True, labels=[...].",
        values=dict(
            there=there,
            wanted=changed.num_labels,
            names=_names(config, there),
            folder=contents.weights.folder,
        ),
    )


def _names(config: HubConfig, there: int) -> str:
    """Return the first label names of a head of ``there`` labels, if the config has as many."""
    names = list((config.id2label or {}).values())
    return ", ".join(names[:4]) if len(names) == there else "unnamed"


def run_dtype(saved: str, asked: str | torch.dtype | None, device: torch.device) -> torch.dtype:
    """Return the dtype to run in: the one asked for; else the file's on an accelerator, float32 on a CPU.

    Raises:
        InputError: ``E_DTYPE``, for a format that is not a floating one.
    """
    import torch

    formats = {
        "float32": torch.float32,
        "float16": torch.float16,
        "bfloat16": torch.bfloat16,
        "float64": torch.float64,
    }
    if asked is None or asked == "auto":
        in_file = {"F16": torch.float16, "BF16": torch.bfloat16, "F64": torch.float64}.get(saved, torch.float32)
        return torch.float32 if asked is None and device.type == "cpu" else in_file
    chosen = formats.get(asked.removeprefix("torch.")) if isinstance(asked, str) else asked
    if chosen is None or chosen not in formats.values():
        raise InputError(
            "E_DTYPE",
            "dtype is {asked!r}, which is no floating-point format that models run in.",
            cure="Use one of: {known}.",
            values=dict(asked=asked, known=", ".join(formats)),
        )
    return chosen


def run_device(device: str | torch.device | None) -> torch.device:
    """Return the requested device of this machine; the CPU for None.

    Raises:
        InputError: ``E_DEVICE``, for what is no device, or none of this machine's.
    """
    import torch

    try:
        chosen = torch.device("cpu" if device is None else device)
        if chosen.type != "meta":
            torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, NotImplementedError, TypeError):  # torch raises each of them
        cards = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
        known = ["cpu", *cards, *(["mps"] if torch.backends.mps.is_available() else [])]
        raise InputError(
            "E_DEVICE",
            "There is no device {device} on this machine.",
            cure="Leave it out, or name one of: {known}.",
            values=dict(device=repr(str(device)), known=", ".join(known)),
        ) from None
    return chosen


def labels_of(labels: Sequence[str] | None, num_labels: int | None) -> dict[str, Any]:
    """Return the config changes that name the labels of a new head."""
    if labels is None:
        return {} if num_labels is None else {"num_labels": num_labels}
    if isinstance(labels, str) or len(set(labels)) != len(labels) or not labels:
        raise InputError(
            "E_LABELS",
            "labels is {labels!r}; it must be a list of different names.",
            cure="Write labels=['negative', 'positive'].",
            values=dict(labels=labels),
        )
    return {"id2label": dict(enumerate(labels))}
