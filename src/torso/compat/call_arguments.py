"""Arguments of the reference's ``forward`` that change nothing in torso, or that it cannot follow. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict, cast

from torso.errors import InputError
from torso.io.arguments import unknown_argument

if TYPE_CHECKING:
    from torch import Tensor


class CallArguments(TypedDict, total=False):
    """Arguments beside those that `PaddedModel.forward` documents.

    ``num_items_in_batch``, a number of labels, divides the loss in place of the call's own: so a step of several
    batches, as trainers cut it, has the loss of one. ``use_cache`` and ``cache_position`` change no number of a call.
    The others are taken where they are None, and ``task_type_ids``, ERNIE's, where they are all 0, the task that is
    read.
    """

    num_items_in_batch: Tensor | int | None
    use_cache: bool | None
    cache_position: Tensor | None
    task_type_ids: Tensor | None
    head_mask: Tensor | None
    decoder_head_mask: Tensor | None
    cross_attn_head_mask: Tensor | None
    encoder_hidden_states: Tensor | None
    encoder_attention_mask: Tensor | None
    encoder_outputs: object
    decoder_inputs_embeds: Tensor | None


_HEADS = ("{name} switches heads of attention off, which torso does not do.", "Leave it out.")
_REASONS: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("head_mask", "decoder_head_mask", "cross_attn_head_mask"), _HEADS),
    "encoder_outputs": ("{name} is not read: the encoder runs in each call.", "Give input_ids in its place."),
}
_OTHER = ("{name} is not read by torso's models.", "Leave it out.")
_TAKEN = frozenset(("num_items_in_batch", "use_cache", "cache_position"))


def check_call_arguments(given: CallArguments, known: Sequence[str]) -> None:
    """Accept arguments without effect, and refuse the others.

    Raises:
        InputError: ``E_ARGUMENT``, for an argument that would change the numbers and is not followed.
        InputTypeError: ``E_ARGUMENT``, for an argument that does not exist.
    """
    for name, value in given.items():
        if name not in CallArguments.__annotations__:
            raise unknown_argument("forward", name, [*known, *CallArguments.__annotations__])
        if value is None or name in _TAKEN:
            continue
        if name == "task_type_ids" and not cast("Tensor", value).count_nonzero():
            continue
        if name == "task_type_ids":
            raise InputError(
                "E_ARGUMENT",
                "{name} names another task than 0; torso reads the row of task 0 for every token.",
                cure="Leave it out.",
                values=dict(name=name),
            )
        what, cure = _REASONS.get(name, _OTHER)
        raise InputError("E_ARGUMENT", what, cure=cure, values=dict(name=name))
