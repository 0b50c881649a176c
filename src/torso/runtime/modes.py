"""The modes in which a model runs, put in place of its linear layers and measured there."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from torso.batch import Batch, Layout, unpack
from torso.errors import UnsupportedError
from torso.kernels.encoder import NativeTrunk
from torso.kernels.library import KINDS, Library, PackedWeight, library
from torso.kernels.linear import NativeLinear
from torso.kernels.pieces import obstacle
from torso.model import Model
from torso.nn.activations import activation
from torso.nn.feedforward import FeedForward
from torso.nn.products import rowwise_products
from torso.nn.trunk import EncoderDecoder, EncoderOnly, Trunk
from torso.runtime import kept
from torso.runtime.linears import FUSED, PackedLinear, QuantisedLinear, available

_SIZES = (4, 9, 17, 24, 33, 48, 64, 96)


@dataclass(frozen=True, slots=True)
class Optimised:
    """What `optimise` did to a model.

    Attributes:
        mode: ``exact``, ``bf16`` or ``int8``.
        fidelity: the least cosine to float32 met on the sample.
        kept: of ``int8``, the linear layers that stayed in bfloat16 for the sake of fidelity.
        kernels: the instruction set of the compiled kernels that run the trunk; None where PyTorch runs it.
    """

    mode: str
    fidelity: float
    kept: tuple[str, ...] = ()
    kernels: str | None = None


def encoder_of(model: Model[Any]) -> tuple[str, Trunk] | None:
    """The part of a model that reads a text as a whole, and its name; None for a decoder alone."""
    trunk = model.trunk
    if isinstance(trunk, (EncoderDecoder, EncoderOnly)):
        return "trunk.encoder", trunk.encoder
    return None if model.architecture.decodes else ("trunk", trunk)


def unfit(model: Model[Any]) -> str | None:
    """Why the kernels cannot run a model's encoder; None if they can."""
    encoder = encoder_of(model)
    return "a decoder, which reads on from a cache" if encoder is None else obstacle(encoder[1])


def random_texts(model: Model[Any]) -> Batch:
    """Random tokens as texts of usual lengths: enough to tell how far a mode is from float32."""
    table = model.trunk.embed.tokens
    assert isinstance(table, nn.Embedding)
    limit = model.max_tokens or max(_SIZES)
    sizes = [min(size, limit) for size in _SIZES * 2]
    dice = torch.Generator().manual_seed(0)
    return Batch(torch.randint(0, table.num_embeddings, (sum(sizes),), generator=dice), Layout.of(sizes))


class Bench:
    """A model and a sample to measure it on, with the linear layers as they were.

    Attributes:
        linears: the linear layers, by their names.
        mean: the least mean cosine that is asked for, beside the least of all.
    """

    def __init__(self, model: Model[Any], sample: Batch | None) -> None:
        self.model = model
        modules = cast("Iterable[tuple[str, nn.Module]]", model.named_modules())
        self.linears = {name: each for name, each in modules if isinstance(each, nn.Linear)}
        self.sample = random_texts(model) if sample is None else sample
        self._given = None if sample is None else sample.tokens
        self.mean = 0.0
        self._library = library()
        self._encoder = None if self._library is None or unfit(model) else encoder_of(model)
        self._packed: dict[tuple[str, int], PackedWeight] = {}

    @property
    def kernels(self) -> str | None:
        """The instruction set of the kernels that run the encoder; None where PyTorch runs it."""
        return None if self._encoder is None or self._library is None else self._library.set

    def can(self, mode: str) -> bool:
        """Whether machine and model allow a mode."""
        if self._encoder is not None and self._library is not None and self._library.has(KINDS[mode]):
            return True
        return available(mode)

    def _inside(self, name: str) -> bool:
        """Whether a linear layer is one of the encoder's blocks, which the kernels run as one."""
        return self._encoder is not None and name.startswith(f"{self._encoder[0]}.layers.")

    def means(self) -> Tensor:
        """[N, D] mean of each text's last rows."""
        return mean_rows(self.model, self.sample)

    @cached_property
    def exact(self) -> Tensor:
        """The same of the layers as they were: first asked for before any is replaced."""
        return self.means()

    def fidelity(self) -> float:
        """The least cosine of the sample's texts to float32; 0 where their mean is below what is asked for."""
        cosines = torch.cosine_similarity(self.means(), self.exact, dim=1)
        return float(cosines.min()) if float(cosines.mean()) >= self.mean else 0.0

    def seconds(self) -> float:
        """Time of the sample: the median of five runs after one that warms up."""
        times: list[float] = []
        for _ in range(6):
            start = time.perf_counter()
            self.means()
            times.append(time.perf_counter() - start)
        return statistics.median(times[1:])

    def apply(self, mode: str, least: float, *, spare: bool = True) -> Optimised:
        """Puts the layers of a mode in place.

        Args:
            mode: one that the machine `can`.
            least: the fidelity it must keep.
            spare: whether ``int8`` may leave layers in bfloat16 for it.

        Raises:
            UnsupportedError: ``E_FIDELITY``, if the mode does not keep the fidelity on this model; it stays as it was.
        """
        kept: tuple[str, ...] = ()
        _ = self.exact
        self.put(dict.fromkeys(self.linears, mode))
        met = self.fidelity()
        if mode == "int8" and met < least and spare:
            kept, met = self._spare(least)
        if met < least:
            self.restore()
            raise UnsupportedError(
                "E_FIDELITY",
                "In the mode {mode} this model keeps a cosine of {met:.6f} to float32; {least} was asked for.",
                cure="Use a mode that is nearer (exact, bf16), or say fidelity={met:.4f}.",
                values=dict(mode=mode, met=met, least=least),
            )
        return Optimised(mode, met, kept, self.kernels)

    def choose(self, modes: Sequence[str], least: float) -> Optimised:
        """Puts the fastest of the modes in place that keeps the fidelity."""
        times: dict[str, float] = {}
        for mode in modes:
            try:
                self.apply(mode, least, spare=False)
            except UnsupportedError:
                continue
            times[mode] = self.seconds()
            self.restore()
        return self.apply(min(times, key=lambda mode: times[mode]), least)

    def put(self, modes: dict[str, str]) -> None:
        """Puts each linear layer's stand-in of the mode named for it in its place."""
        for name, mode in modes.items():
            if not self._inside(name):
                home, head = self.model.get_submodule(name.rpartition(".")[0]), name.startswith("head.")
                # What a head gives is read in float32, and what follows its layers may be a table in float32. It runs
                # once per text, and fidelity is measured before it: nothing is gained by eight bits.
                out, own = torch.float32 if head else None, self.safe if head and mode == "int8" else mode
                stand_in = made(self.linears[name], own, self._fusible(home, name), out, self._kernels_for(own))
                self._set(name, stand_in)
        if self._encoder is not None and self._library is not None:
            place, encoder = self._encoder
            own = {name.removeprefix(f"{place}."): KINDS[mode] for name, mode in modes.items() if self._inside(name)}
            encoder.whole = NativeTrunk(self._library, encoder, own, self._packed)

    def _kernels_for(self, mode: str) -> Library | None:
        """The kernels, for a layer outside the blocks: for eight bits always, and beside an encoder that they run.

        A layer of PyTorch's there would leave its threads spinning for what the kernels run next.
        """
        if self._library is None or not self._library.has(KINDS[mode]):
            return None
        return self._library if mode == "int8" or self._encoder is not None else None

    def restore(self) -> None:
        """Puts the linear layers back."""
        for name, linear in self.linears.items():
            self._set(name, linear)
        if self._encoder is not None:
            self._encoder[1].whole = None

    def key(self, mode: str, least: float) -> str:
        """What a file of packed weights must have been made of and for.

        Raises:
            UnsupportedError: ``E_MODE``, if it is not the kernels that run this model.
        """
        if self._encoder is None or self._library is None:
            raise UnsupportedError(
                "E_MODE",
                "What PyTorch lays out for this model cannot be kept in a file; only weights of the kernels can.",
                cure="Leave file= out; torso.kernels.about() says why there are no kernels.",
            )
        asked = dict(mode=mode, least=least, mean=self.mean)
        return kept.fingerprint(self.model, self._given, asked, str(self._library.set))

    def put_again(self, path: Path, key: str) -> Optimised | None:
        """Puts the mode in place that a file holds; None if it is not there, or not of this."""
        found = kept.read(path, key)
        if found is None:
            return None
        self._packed, facts = found
        done = Optimised(facts["mode"], facts["fidelity"], tuple(facts["kept"]), self.kernels)
        self.put(self._modes(done))
        return done

    def keep(self, path: Path, key: str, done: Optimised) -> None:
        """Writes the weights of the mode in place into a file."""
        assert self._encoder is not None
        whole = self._encoder[1].whole
        assert isinstance(whole, NativeTrunk)
        kept.write(path, key, whole.packed, dict(mode=done.mode, fidelity=done.fidelity, kept=done.kept))

    @property
    def safe(self) -> str:
        """The mode of what ``int8`` spares."""
        return "bf16" if self.can("bf16") else "exact"

    def _modes(self, done: Optimised) -> dict[str, str]:
        return {name: self.safe if name in done.kept else done.mode for name in self.linears}

    def settle(self) -> None:
        """Lets go of what the mode in place does not use."""
        if self._encoder is not None:
            self._encoder[1].layers = nn.ModuleList()
        self.linears.clear()
        self._packed.clear()

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

    def _error(self) -> float:
        """How far the sample's means are from float32, on the whole."""
        return 1 - float(torch.cosine_similarity(self.means(), self.exact, dim=1).double().mean())

    def _spare(self, least: float) -> tuple[tuple[str, ...], float]:
        """Gives layers back to bfloat16, those that cost most first, until the fidelity is kept."""
        alone: dict[str, float] = {}
        safe = self.safe
        for name in self.linears:
            self.put({other: "int8" if other == name else safe for other in self.linears})
            alone[name] = self._error()
        costly = sorted(alone, key=lambda name: -alone[name])
        met = 0.0
        for count in range(1, len(costly)):
            spared = set(costly[:count])
            self.put({name: safe if name in spared else "int8" for name in self.linears})
            met = self.fidelity()
            if met >= least:
                return tuple(sorted(spared)), met
        return (), met


def mean_rows(model: Model[Any], batch: Batch) -> Tensor:
    """[N, D] mean of each text's last rows."""
    with torch.inference_mode(), rowwise_products(batch.tokens, model.dtype):
        hidden = model.trunk(batch)
        return torch.stack([rows.float().mean(0) for rows in unpack(hidden.rows, hidden.layout)])


def made(
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
