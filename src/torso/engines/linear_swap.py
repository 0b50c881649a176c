"""What runs in place of a model's linear layers: products laid out by PyTorch or by the compiled kernels."""

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
from torso.kernels.support import obstacle, pieces, products
from torso.language import say
from torso.model import Model
from torso.nn.activations import activation
from torso.nn.feedforward import FeedForward
from torso.nn.trunk import EncoderDecoder, EncoderOnly, Trunk

if TYPE_CHECKING:
    from torso.engines.calibration import Optimised


def encoder_of(model: Model[Any]) -> tuple[str, Trunk] | None:
    """The part of a model that reads a text as a whole, and its name; None for a decoder alone."""
    trunk = model.trunk
    if isinstance(trunk, (EncoderDecoder, EncoderOnly)):
        return "trunk.encoder", trunk.encoder
    return None if model.architecture.decodes else ("trunk", trunk)


def unfit(model: Model[Any]) -> str | None:
    """Why the kernels cannot run a model's encoder, in the language in force; None if they can."""
    encoder = encoder_of(model)
    return say("a decoder, which reads on from a cache") if encoder is None else obstacle(encoder[1])


class StandIns:
    """The linear layers of a model as they were, and what runs in their place.

    Attributes:
        linears: the linear layers, by their names; of blocks that the kernels run, those whose weights they multiply.
        packed: weights that the kernels have laid out, by name and kind: used again, and filled.
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
            place, encoder = self._encoder
            run = {f"{place}.{name}" for name in products(encoder)}
            self.linears = {name: each for name, each in self.linears.items() if name in run or not self._inside(name)}

    @property
    def kernels(self) -> str | None:
        """The instruction set of the kernels that run the encoder; None where PyTorch runs it."""
        return None if self._encoder is None or self.library is None else self.library.set

    @property
    def whole(self) -> NativeTrunk | None:
        """What runs the encoder as one; None where its layers have stand-ins of their own."""
        whole = None if self._encoder is None else self._encoder[1].whole
        return whole if isinstance(whole, NativeTrunk) else None

    @property
    def safe(self) -> str:
        """The mode of what ``int8`` spares."""
        return "bf16" if self.can("bf16") else "exact"

    def can(self, mode: str) -> bool:
        """Whether machine and model allow a mode."""
        if self._encoder is not None and self.library is not None:
            return self.library.has(KINDS[mode])
        return available(mode)

    def put(self, modes: dict[str, str]) -> None:
        """Puts each linear layer's stand-in of the mode named for it in its place."""
        for name, mode in modes.items():
            if not self._inside(name):
                home, head = self.model.get_submodule(name.rpartition(".")[0]), name.startswith("head.")
                # What a head gives is read in float32, and what follows its layers may be a table in float32. It runs
                # once per text, and fidelity is measured before it: nothing is gained by eight bits.
                out, own = torch.float32 if head else None, self.safe if head and mode == "int8" else mode
                stand_in = _made(self.linears[name], own, self._fusible(home, name), out, self._kernels_for(own))
                self._set(name, stand_in)
        if self._encoder is not None and self.library is not None:
            encoder = self._encoder[1]
            encoder.whole = NativeTrunk(self.library, encoder, self._kinds(modes), self.packed)

    def forms(self, modes: dict[str, str]) -> dict[tuple[str, int], Form]:
        """The forms of the weights that the kernels lay out of the encoder in these modes, by name and kind.

        Raises:
            ValueError: for a mode that the instruction set does not have.
        """
        assert self._encoder is not None
        assert self.library is not None
        packing = Packing(self.library, self._kinds(modes), {})
        named = pieces(self._encoder[1])
        return {key: form for name, piece in named for key, form in packing.forms(piece, name).items()}

    def _kinds(self, modes: dict[str, str]) -> dict[str, int]:
        """How the weights of the encoder's blocks are kept, by their names in it."""
        assert self._encoder is not None
        prefix = f"{self._encoder[0]}."
        return {name.removeprefix(prefix): KINDS[mode] for name, mode in modes.items() if self._inside(name)}

    def restore(self) -> None:
        """Puts the linear layers back."""
        for name, linear in self.linears.items():
            self._set(name, linear)
        if self._encoder is not None:
            self._encoder[1].whole = None

    def settle(self, done: Optimised) -> None:
        """Leaves the mode in place for good, and lets go of what it does not use."""
        self.model.optimised = done
        self.model.seal()
        if self._encoder is not None:
            self._encoder[1].layers = nn.ModuleList()
        self.linears.clear()
        self.packed.clear()

    def _inside(self, name: str) -> bool:
        """Whether a linear layer is one of the encoder's blocks, which the kernels run as one."""
        return self._encoder is not None and name.startswith(f"{self._encoder[0]}.layers.")

    def _kernels_for(self, mode: str) -> Library | None:
        """The kernels, for a layer outside the blocks: for eight bits always, and beside an encoder that they run.

        A layer of PyTorch's there would leave its threads spinning for what the kernels run next.
        """
        if self.library is None or not self.library.has(KINDS[mode]):
            return None
        return self.library if mode == "int8" or self._encoder is not None else None

    def _set(self, name: str, module: nn.Module) -> None:
        parent, _, own = name.rpartition(".")
        home = self.model.get_submodule(parent)
        setattr(home, own, module)
        if isinstance(home, FeedForward) and own == "up":
            home.act = activation("linear") if _computes_act(module) else home.given

    def _fusible(self, home: nn.Module, name: str) -> Callable[[Tensor], Tensor] | None:
        if isinstance(home, FeedForward) and name.endswith(".up") and home.given in FUSED:
            return home.given
        return None


def _made(
    linear: nn.Linear,
    mode: str,
    act: Callable[[Tensor], Tensor] | None,
    out: torch.dtype | None,
    kernels: Library | None,
) -> nn.Module:
    """The stand-in of a linear layer in a mode: of the kernels, where they are given, or of PyTorch."""
    if kernels is not None:
        return NativeLinear(kernels, linear, KINDS[mode], act)
    if mode == "int8":
        return QuantisedLinear(linear, act)
    return PackedLinear(linear, torch.bfloat16 if mode == "bf16" else torch.float32, act, out=out)


def _computes_act(module: nn.Module) -> bool:
    if isinstance(module, PackedLinear):
        return module.act != "none"
    return isinstance(module, (NativeLinear, QuantisedLinear)) and module.act is not None
