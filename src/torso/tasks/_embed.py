"""Text embedding: a vector for each text."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Unpack, overload

from torso.architecture import Task
from torso.engines.runner import BUDGET
from torso.host_batch import Rows, Wanted
from torso.io.arguments import known_arguments
from torso.outputs import Features
from torso.tasks.argument_checks import yes_or_no
from torso.tasks.arrays import one_row
from torso.tasks.chosen_adapter import instructions_of, with_task
from torso.tasks.embedding import Embedding
from torso.tasks.embedding_recipe import Recipe, lowered, prompted, resolve_recipe
from torso.tasks.pooling import Pooler
from torso.tasks.reading import predict, read
from torso.tasks.ready import Ready, Usable, make_ready, recipe_of
from torso.tasks.task_options import EncodeOptions
from torso.tasks.task_plan import Plan, Texts
from torso.tasks.windows import EncodedText, Long, Merge, extent, length_policy

if TYPE_CHECKING:
    import torch

    from torso.text import Tokenizer

BUNDLED = "torso:sentiment"


@overload
def encode(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    texts: str,
    *,
    model: Usable[Features] = ...,
    **options: Unpack[EncodeOptions],
) -> Embedding: ...
@overload
def encode(
    texts: Sequence[str],
    *,
    model: Usable[Features] = ...,
    **options: Unpack[EncodeOptions],
) -> list[Embedding]: ...
@overload
def encode(
    texts: Iterator[str],
    *,
    model: Usable[Features] = ...,
    **options: Unpack[EncodeOptions],
) -> Iterator[Embedding]: ...
@known_arguments
def encode(
    texts: str | Sequence[str] | Iterator[str],
    *,
    model: Usable[Features] = BUNDLED,
    pooling: str | None = None,
    normalize: bool | None = None,
    prompt: str | None = None,
    prompt_name: str | None = None,
    task: str | None = None,
    dimensions: int | None = None,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    stride: int | None = None,
    merge: Merge | None = None,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Any:
    """Embed a text: return its vector; of a list of texts, a list; of an iterator, a lazy iterator.

    Vectors are NumPy arrays [D] of float32, and ``numpy.array`` of a list of results is a matrix [N, D].

    A folder in sentence-transformers' form gives that library's vectors: pooling, layers after it, normalizing,
    lowercasing, prompts and length are its own.

    Args:
        texts: a string, a list of strings, or an iterator of them.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        pooling: ``mean``, ``cls``, ``max``, ``mean_sqrt_len_tokens``, ``weightedmean``, ``lasttoken``, or several
            joined by ``+``. None: as the folder says. Given, it takes the place of all that the folder says.
        normalize: whether vectors get length 1. None: as the folder says, or not where ``pooling`` is given.
        prompt: what is put before each text. None: what the folder puts there by default.
        prompt_name: one of the folder's prompts, by its name.
        task: of a model with an adapter for each of several tasks (Jina Embeddings 3), the task whose adapter is used,
            with its prompt unless another is given; None for no adapter.
        dimensions: how many of the first numbers of a vector are kept, for models trained so that these can stand
            alone (Matryoshka); where vectors get length 1, they are normalized again.
        tokenizer: instead of the one in the model's folder.
        long: ``error`` refuses a text that is too long before anything is run; ``truncate`` reads its beginning;
            ``window`` reads all of it, in windows of what the model takes.
        stride: tokens that a window repeats of the one before; None for a quarter of a window.
        merge: what makes one vector of the windows': ``mean``, the default, or ``max``; the length is made 1 again.
        device: where to load the weights; None for a CUDA card, where there is one, and else the CPU.
        budget: tokens of one batch.

    Raises:
        InputError: E_POOLING where neither the folder nor ``pooling`` says how to pool; E_PROMPT; E_ADAPTER; a text or
            argument is wrong.
        TooLongError: E_TOO_LONG, naming the text by its place.
        TorsoError: as `torso.load`.
    """
    plan = EmbedPlan(
        make_ready(model, Task.FEATURES, tokenizer=tokenizer, device=device),
        pooling=pooling,
        normalize=normalize,
        prompt=prompt,
        prompt_name=prompt_name,
        task=task,
        dimensions=dimensions,
        long=long,
        stride=stride,
        merge=merge,
    )
    return predict(texts, lambda some: plan.results(some, budget))


class EmbedPlan(Plan[str, Features, Rows, Embedding]):
    """Plan of `embed`; options as there."""

    task = Task.FEATURES

    def __init__(
        self,
        ready: Ready[Features],
        *,
        pooling: str | None = None,
        normalize: bool | None = None,
        prompt: str | None = None,
        prompt_name: str | None = None,
        task: str | None = None,
        dimensions: int | None = None,
        long: Long = "error",
        stride: int | None = None,
        merge: Merge | None = None,
    ) -> None:
        yes_or_no("normalize", normalize)
        if task is not None:
            ready = with_task(ready, task)
            prompt = instructions_of(ready)[task] if prompt is None and prompt_name is None else prompt
        stated = recipe_of(ready) if pooling is None else None
        self.recipe = prompted(resolve_recipe(stated, pooling, normalize, ready.name, dimensions), prompt, prompt_name)
        self.pooler = Pooler(self.recipe, dimensions, ready.memo)
        super().__init__(ready, Wanted(self.pooler.pool, pooled=False))
        self.prompt_rows = 0 if self.recipe.pools_prompt else _rows_of(self.recipe, ready.tokenizer)
        self.policy = length_policy(ready.tokenizer.limited(self.recipe.max_tokens).max_tokens, long, stride, merge)

    @property
    def settings(self) -> Hashable:
        """How vectors are made of rows."""
        parts = self.recipe
        layers = (parts.row_layers, parts.layers, parts.dimensions, self.pooler.dimensions)
        return (parts.modes, parts.normalize, self.prompt_rows, *layers)

    def read(self, asked: Iterable[str]) -> Iterator[EncodedText]:
        """Tokenize texts, each with the prompt before it."""
        return read(asked, self.ready.tokenizer, self.policy, change=self.recipe.change, pairs=False)

    def split(self, out: Features, encoded: Sequence[EncodedText]) -> list[Rows]:
        """Return the vector [D] of each encoding."""
        # Windows after the first do not hold the prompt.
        skipped = [0 if each.start else self.prompt_rows for each in encoded] if self.prompt_rows else []
        return [vector.copy() for vector in self.pooler(out.hidden, skipped)]

    def result(self, texts: Texts[Rows]) -> Embedding:
        """Return the vector of a text."""
        ((windows, vectors),) = texts
        merge, recipe = self.policy.merge, self.recipe
        vector = vectors[0] if len(vectors) == 1 else self.pooler.finished(one_row(vectors, merge))
        covered = extent(windows, merge)
        return Embedding(vector, recipe.name, recipe.normalize, recipe.prompt, self.policy.limit, covered)


def _rows_of(recipe: Recipe, tokenizer: Tokenizer) -> int:
    """Return the number of leading tokens of a text that are its prompt's, special ones included."""
    if not recipe.prompt:
        return 0
    ids = tokenizer.encoding(lowered(recipe.prompt) if recipe.lowercase else recipe.prompt).ids
    return len(ids) - int(bool(ids) and ids[-1] in tokenizer.all_special_ids)


embed = encode
"""The same function, under the name of its command."""
