"""What is said before a download: what comes from where, at which commit, how much, and what stays."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from torso.hub.planning import Plan
from torso.hub.transfer.progress import size_text
from torso.hub.unread_weights import LEFT_OUT
from torso.io.files import shown
from torso.language import say, sentences

_SHOWN = 6


def announce(plan: Plan) -> None:
    """Print the plan on standard error, in a line or two; nothing where nothing is to be fetched."""
    if plan.need:
        sys.stderr.write(f"torso: {plan_text(plan)}\n")
        sys.stderr.flush()


def plan_text(plan: Plan) -> str:
    """Return the plan in words: ``hfl/rbt3 from huggingface.co at 4a0b1c2: taking …, 156 MB; leaving tf_model.h5.``"""
    values = dict(
        name=plan.source,
        server=plan.listing.server,
        commit=plan.listing.commit[:7],
        revision=plan.listing.revision,
        taking=_names([file.path for file in plan.need], plan.bytes_needed, _bytes_here(plan)),
        leaving=_names([name for name in plan.leave if not name.startswith(".")]) if _has_weights(plan) else "",
        folder=plan.destination.folder,
    )
    if not plan.need:
        text = say("{name} ({revision} at {commit}) is already here, whole: {folder}", values)
    elif values["leaving"]:
        text = say("{name} from {server}, {revision} at {commit}: taking {taking}; leaving {leaving}.", values)
    else:
        text = say("{name} from {server}, {revision} at {commit}: taking {taking}.", values)
    return sentences([text, *_never_taken(plan)])


def _never_taken(plan: Plan) -> Iterator[str]:
    """Yield what of a repository is no file, and is left out whatever was asked for."""
    for kind, reason in LEFT_OUT.items():
        names = sorted(path for path, each in plan.listing.left.items() if each == kind)
        if names:
            yield say("Left out, being {reason}: {names}.", dict(reason=say(reason), names=shown(_names(names))))


def _has_weights(plan: Plan) -> bool:
    """Return whether weights are taken: who wants the configuration alone knows what stays."""
    return any(file.path.endswith((".safetensors", ".bin")) for file in plan.take)


def _bytes_here(plan: Plan) -> int:
    """Return bytes of what is to be fetched that earlier attempts have brought."""
    return sum({file.etag: file.size for file in plan.need}.values()) - plan.bytes_needed


def _names(names: Sequence[str], size: int = 0, before: int = 0) -> str:
    """Names, the last ones first where there are many: the weights are last, and what a person wants to see."""
    if len(names) > _SHOWN:
        shown = say("{names} and {count} more", dict(names=", ".join(names[-_SHOWN:]), count=len(names) - _SHOWN))
    else:
        shown = ", ".join(names)
    if before:
        values = dict(names=shown, size=size_text(size), before=size_text(before))
        return say("{names} ({size}; {before} came before)", values)
    return f"{shown} ({size_text(size)})" if size else shown
