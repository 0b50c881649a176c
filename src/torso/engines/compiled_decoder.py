"""Text generation by the kernels: decoders and encoder-decoders, in float32 or fewer bits. Loads no torch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np

from torso import blocks
from torso.adapters.adapted_job import match_model
from torso.architecture import Architecture, Task
from torso.config.hub_config import HubConfig
from torso.engines.compiled_base import CompiledBase, Optimised
from torso.engines.compiling import Source
from torso.engines.packed_cache import with_cache
from torso.errors import ConfigError, InputError
from torso.host_batch import HostBatch, HostLayout, Wanted, require_length, require_rows
from torso.io.arguments import checked_calls, known_arguments
from torso.kernels import library as native
from torso.kernels.causal_decoder import KINDS, CausalDecoder
from torso.kernels.decoder_support import unsupported_decoder
from torso.kernels.encoder import Encoder
from torso.kernels.host_embeddings import counted
from torso.kernels.key_value_rows import SourceRows
from torso.kernels.library import library, refusal
from torso.kernels.part_weights import PartWeights
from torso.kernels.support import products, unsupported_trunk
from torso.loading.load import read_config
from torso.outputs import Hidden, VocabLogits
from torso.weights.report import LoadReport

DecoderMode = Literal["exact", "bf16", "int8", "int4"]


@checked_calls
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CompiledDecoder(CompiledBase):
    """A model that generates text, from any number of threads, and does nothing else: no training, moving, saving.

    Attributes:
        config: the config that it was built from.
        architecture: its family.
        task: causal-lm, or seq2seq-lm: scores over the vocabulary of what comes next.
        description: what it consists of.
        decoder: generates the text.
        encoder: what reads its sources; None of a decoder alone.
        done: its mode.
        trained: whether all weights of the head are trained.
        report: what was read of which files; None for one that was made of a model in memory.
    """

    config: HubConfig
    architecture: Architecture[Any]
    task: Task[VocabLogits]
    description: blocks.Whole
    decoder: CausalDecoder
    encoder: Encoder | None
    done: Optimised
    trained: bool
    report: LoadReport | None = None

    @property
    def trunk(self) -> blocks.AnyTrunk:
        """The description of its trunk."""
        return self.description.trunk

    @property
    def pool(self) -> None:
        """None: the head reads all rows."""
        return

    @property
    def vocabulary(self) -> int | None:
        """Number of rows of the token embeddings."""
        return len(self.decoder.tokens)

    def run(self, batch: HostBatch, wanted: Wanted) -> VocabLogits:
        """Run whole texts, as `torso.engines.runner.Runner.run` says: logits [R, V] of the batch's rows.

        Of an encoder-decoder they are their own sources: it reads them again, shifted right behind the first token.

        Raises:
            ConfigError: ``E_START``, if the config of an encoder-decoder names no first token.
        """
        require_length(batch.sizes, self.max_tokens)
        texts = [part.tolist() for part in np.split(batch.tokens, np.cumsum(batch.sizes)[:-1])]
        self.require_ids(batch.tokens)
        sources = self.sources(texts)
        if sources is not None:
            texts = [[self._start(text), *text[:-1]] for text in texts]
        hidden, logits = self.decoder.whole(texts, batch.rows, sources)
        rows = Hidden(cast("Any", hidden), cast("Any", HostLayout(batch.sizes)))
        return VocabLogits(cast("Any", logits), cast("Any", batch.rows), rows)

    def sources(self, texts: Sequence[Sequence[int]]) -> SourceRows | None:
        """Read the sources of some texts, one or more tokens each; None without an encoder.

        Raises:
            IndexError: for an id outside its table.
            MemoryError: they do not fit the memory.
        """
        if self.encoder is None:
            return None
        trunk = self.description.trunk
        assert isinstance(trunk, blocks.EncoderDecoder)
        read = self.encoder(counted(HostBatch.of([_Plain(text) for text in texts]), trunk.encoder.embed))
        return self.decoder.sources(read.rows, [len(text) for text in texts])

    def _start(self, text: Sequence[int]) -> int:
        """Return the first token of what is written for a text that is its own source."""
        trunk = self.description.trunk
        assert isinstance(trunk, blocks.EncoderDecoder)
        first = text[-1] if isinstance(trunk, blocks.WrappedEncoderDecoder) else trunk.start
        if first is None:
            raise ConfigError(
                "E_START",
                "The config does not say what a target begins with.",
                cure="Give decoder_input_ids, or load with changes={{'decoder_start_token_id': ...}}.",
            )
        return first

    def _arrays(self) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
        """Yield everything that scores are computed of, with a name; a table of both sides twice."""
        yield from ((f"decoder|{number}", each) for number, each in enumerate(self.decoder.arrays()))
        if self.encoder is not None:
            packed = (*self.encoder.packed.values(), *self.encoder.before)
            arrays = [array for each in packed for array in each.arrays if array is not None]
            yield from ((f"encoder|{number}", each) for number, each in enumerate((*arrays, *self.encoder.arrays)))

    def require_ids(self, ids: np.ndarray[Any, Any]) -> None:
        """Raise for ids without a row in the table of tokens.

        Raises:
            InputError: ``E_IDS``.
        """
        if ids.size:
            require_rows("tokens", int(ids.min()), int(ids.max()), len(self.decoder.tokens))


@dataclass(frozen=True, slots=True)
class _Plain:
    """Ids of one text, all of one segment."""

    ids: Sequence[int]

    @property
    def segments(self) -> Sequence[int]:
        return [0] * len(self.ids)


def unsupported_for_generation(whole: blocks.Whole) -> str | None:
    """Return why the kernels cannot generate with a model, in the current language; None if they can."""
    reason = refusal() or unsupported_decoder(whole)
    encoder = whole.trunk.encoder if isinstance(whole.trunk, blocks.EncoderDecoder) else None
    return reason if reason is not None or encoder is None else unsupported_trunk(encoder)


def compile_decoder(source: Source[VocabLogits], mode: str = "exact") -> CompiledDecoder:
    """Pack the weights of a generative model for the kernels.

    Args:
        source: one without a reason of `unsupported_for_generation`.
        mode: ``exact`` (float32), ``bf16``, ``int8`` or ``int4``: the last two by groups of 32 weights.

    Raises:
        InputError: ``E_MODE`` for an unknown mode.
    """
    here = library()
    assert here is not None
    if mode not in KINDS:
        raise InputError(
            "E_MODE",
            "There is no mode {mode!r}.",
            cure="Use one of: {known}.",
            values=dict(mode=mode, known=", ".join(KINDS)),
        )
    weights = PartWeights(source.description, source.read, source.store, grouped=source.grouped)
    decoder = CausalDecoder(here, source.description, weights, KINDS[mode])
    encoder, trunk = None, source.description.trunk
    if isinstance(trunk, blocks.EncoderDecoder):
        # Few bits are for what is read again for each token; an encoder runs once, as near to float32 as it can.
        kind = native.BFLOAT16 if mode != "exact" and here.has(native.BFLOAT16) else native.FLOAT32
        table = trunk.embed.parts["tokens"]
        read = weights.within(trunk.encoder, {id(table): decoder.tokens})
        encoder = Encoder(here, trunk.encoder, read, dict.fromkeys(products(trunk.encoder), kind), store=source.store)
    source.close()
    done = Optimised(mode, 1.0, kernels=here.set)
    return CompiledDecoder(
        source.config,
        source.architecture,
        source.task,
        source.description,
        decoder,
        encoder,
        done,
        source.trained,
        source.report,
    )


@known_arguments
def compiled_decoder(
    source: str | os.PathLike[str],
    mode: DecoderMode = "exact",
    *,
    revision: str | None = None,
    allow_nonfinite: bool = False,
) -> CompiledDecoder:
    """Compile a generative model from its files, for a CPU: ``torso.generate(text, model=compiled_decoder(source))``.

    The decoder of an encoder-decoder generates; its encoder runs in float32, or in bfloat16 in any other mode.

    ``exact`` multiplies in true float32, as tasks do that are given a name or folder. ``bf16`` reads half as many
    bytes for each token. ``int8`` and ``int4`` read a quarter and less: 32 weights share a float16 scale (and in four
    bits a minimum), and what is multiplied with them is rounded to eight bits likewise. In all but ``exact`` keys,
    values and a decoder's table of tokens are kept in bfloat16. Every mode is there on every processor.

    Args:
        source: as `torso.load` takes it; an adapter is merged into its base.
        mode: see above.
        revision: as of `torso.load`.
        allow_nonfinite: as of `torso.load`.

    Raises:
        UnsupportedError: ``E_MODE``, where the kernels do not generate with this model.
        InputError: ``E_MODE`` for an unknown mode.
        TorsoError: as `torso.load`.
    """
    from torso.engines.optimise import require_known
    from torso.hub import resolve

    folder = resolve(source, revision=revision).folder
    architecture, config = read_config(folder)
    task = Task.SEQ2SEQ_LM if Task.SEQ2SEQ_LM in architecture.tasks else Task.CAUSAL_LM
    job = match_model(folder, architecture, config, task, allow_nonfinite=allow_nonfinite)
    require_known(unsupported_for_generation(job.description))
    return with_cache(job, mode, lambda source: compile_decoder(source, mode))
