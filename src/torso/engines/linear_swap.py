"""Swapping a model's linear layers for layers with packed weights, of oneDNN or of the compiled kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

from torso.engines.packed_linear import FUSED, PackedLinear, QuantisedLinear, available
from torso.kernels.encoder import NativeTrunk
from torso.kernels.library import KINDS, Form, Library, library
from torso.kernels.linear import NativeLinear
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.packing import Packing
from torso.kernels.piece import pieces
from torso.kernels.support import obstacle, products
from torso.language import say
from torso.model import Model
from torso.nn.activations import activation
from torso.nn.feedforward import FeedForward
from torso.nn.module import differs
from torso.nn.trunk import EncoderDecoder, EncoderOnly, Trunk

if TYPE_CHECKING:
    from torso.engines.calibration import Optimised


def encoder_of(model: Model[Any]) -> tuple[str, Trunk] | None:
    """Return a model's encoder with its name; None for a decoder-only model."""
    trunk = model.trunk
    if isinstance(trunk, (EncoderDecoder, EncoderOnly)):
        return "trunk.encoder", trunk.encoder
    return None if model.architecture.decodes else ("trunk", trunk)


def unfit(model: Model[Any]) -> str | None:
    """Return why the kernels cannot run a model's encoder, in the current language; None if they can."""
    encoder = encoder_of(model)
    if encoder is None:
        return say("a decoder, which reads on from a cache")
    changed = differs(encoder[1])
    return say("its module {name} was replaced", dict(name=changed)) if changed else obstacle(encoder[1].of)


class LinearSwap:
    """A model's original linear layers and the packed layers that replace them.

    Attributes:
        linears: the original layers, by name; of blocks that the kernels run, those whose weights they multiply.
        packed: cache of the kernels' packed weights, by name and kind.
        library: the kernels; None where there are none.
    """

    def __init__(self, model: Model[Any]) -> None:
        self.model = model
        modules = cast("Iterable[tuple[str, nn.Module]]", model.named_modules())
        self.linears = {name: each for name, each in modules if isinstance(each, nn.Linear)}
        self.packed: dict[tuple[str, int], PackedWeight] = {}
        self.library = library()
        self._encoder = None if self.library is None or unfit(model) else encoder_of(model)
        if self._encoder is not None:
            prefix, encoder = self._encoder
            fused = {f"{prefix}.{name}" for name in products(encoder.of)}
            self.linears = {
                name: each for name, each in self.linears.items() if name in fused or not self._inside(name)
            }

    @property
    def kernels(self) -> str | None:
        """The instruction set of the kernels that run the encoder; None where PyTorch runs it."""
        return None if self._encoder is None or self.library is None else self.library.set

    @property
    def native_trunk(self) -> NativeTrunk | None:
        """The trunk that runs the encoder as one kernel call; None if its layers are replaced one by one."""
        native_trunk = None if self._encoder is None else self._encoder[1].whole
        return native_trunk if isinstance(native_trunk, NativeTrunk) else None

    @property
    def safe(self) -> str:
        """The mode of layers that ``int8`` leaves in higher precision."""
        return "bf16" if self.can("bf16") else "exact"

    def can(self, mode: str) -> bool:
        """Return whether machine and model support a mode."""
        if self._encoder is not None and self.library is not None:
            return self.library.has(KINDS[mode])
        return available(mode)

    def put(self, modes: dict[str, str]) -> None:
        """Replace each linear layer by a packed one of its mode."""
        for name, mode in modes.items():
            if not self._inside(name):
                parent, is_head = self.model.get_submodule(name.rpartition(".")[0]), name.startswith("head.")
                # A head's output is float32, as may be an embedding table that its rows meet. It runs once per text,
                # and fidelity is measured before it: nothing is gained by eight bits.
                out = torch.float32 if is_head else None
                own_mode = self.safe if is_head and mode == "int8" else mode
                act, kernels = self._fusible(parent, name), self._kernels_for(own_mode)
                replacement = _packed_layer(self.linears[name], own_mode, act, out, kernels)
                self._set(name, replacement)
        if self._encoder is not None and self.library is not None:
            encoder = self._encoder[1]
            encoder.whole = NativeTrunk(self.library, encoder, self._kinds(modes), self.packed)

    def forms(self, modes: dict[str, str]) -> dict[tuple[str, int], Form]:
        """Return the forms of the encoder's packed weights in these modes, by name and kind.

        Raises:
            ValueError: for a mode that the instruction set does not support.
        """
        assert self._encoder is not None
        assert self.library is not None
        packing = Packing(self.library, self._kinds(modes), {})
        named = pieces(self._encoder[1])
        return {key: form for name, piece in named for key, form in packing.forms(piece, name).items()}

    def _kinds(self, modes: dict[str, str]) -> dict[str, int]:
        """Return the weight kinds of the encoder's blocks, by their names in it."""
        assert self._encoder is not None
        prefix = f"{self._encoder[0]}."
        return {name.removeprefix(prefix): KINDS[mode] for name, mode in modes.items() if self._inside(name)}

    def restore(self) -> None:
        """Restore the original linear layers."""
        for name, linear in self.linears.items():
            self._set(name, linear)
        if self._encoder is not None:
            self._encoder[1].whole = None

    def settle(self, done: Optimised) -> None:
        """Make the current mode final: seal the model and release the original layers."""
        self.model.optimised = done
        self.model.seal()
        if self._encoder is not None:
            self._encoder[1].layers = nn.ModuleList()
        self.linears.clear()
        self.packed.clear()

    def _inside(self, name: str) -> bool:
        """Return whether a linear layer is in the encoder's blocks, which the kernels run as one."""
        return self._encoder is not None and name.startswith(f"{self._encoder[0]}.layers.")

    def _kernels_for(self, mode: str) -> Library | None:
        """Return the kernels for a layer outside the blocks: always for int8, and next to an encoder that they run.

        A PyTorch layer there would leave its threads spinning while the kernels run next.
        """
        if self.library is None or not self.library.has(KINDS[mode]):
            return None
        return self.library if mode == "int8" or self._encoder is not None else None

    def _set(self, name: str, module: nn.Module) -> None:
        parent_name, _, child = name.rpartition(".")
        parent = self.model.get_submodule(parent_name)
        setattr(parent, child, module)
        if isinstance(parent, FeedForward) and child == "up":
            parent.act = activation("linear") if _computes_act(module) else parent.given

    def _fusible(self, parent: nn.Module, name: str) -> Callable[[Tensor], Tensor] | None:
        if isinstance(parent, FeedForward) and name.endswith(".up") and parent.given in FUSED:
            return parent.given
        return None


def _packed_layer(
    linear: nn.Linear,
    mode: str,
    act: Callable[[Tensor], Tensor] | None,
    out: torch.dtype | None,
    kernels: Library | None,
) -> nn.Module:
    """Create the packed layer of a mode: the kernels', if given, or PyTorch's."""
    if kernels is not None:
        return NativeLinear(kernels, linear, KINDS[mode], act)
    if mode == "int8":
        return QuantisedLinear(linear, act)
    return PackedLinear(linear, torch.bfloat16 if mode == "bf16" else torch.float32, act, out=out)


def _computes_act(module: nn.Module) -> bool:
    if isinstance(module, PackedLinear):
        return module.act != "none"
    return isinstance(module, (NativeLinear, QuantisedLinear)) and module.act is not None
