"""``torso embed``, which is ``torso encode`` too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from torso.cli import options
from torso.cli.console import one_line, print_json, watched
from torso.cli.csv_output import sheet
from torso.cli.embedding_kinds import refuse_beside, show_kinds
from torso.cli.paired import paired
from torso.cli.text_inputs import texts_of
from torso.cli.vectors import numbers_of, row_of
from torso.language import say

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterator

    from torso.tasks import Embedding

HELP = """\
Make a vector of each text, for search, grouping and comparing.

How a model's rows become one vector is read from its folder, as sentence-transformers writes it; where the folder \
does not say, --pooling must. On a terminal a line per text sums up its vector; the numbers go to --output, --json or \
--csv. torso encode is the same command.

\b
Examples:
  torso embed --model sentence-transformers/all-MiniLM-L6-v2 "Hello" --json
  torso embed --file texts.txt --output vectors.npy
  torso embed "你好" --model hfl/rbt3 --pooling mean --normalize
  torso embed --file books.jsonl --column body --long window --output vectors.npy
  torso embed --sparse --model naver/splade-v3 "a weight for each word, and for words that fit"
  torso embed --multi-vector --query "how are vectors kept?" -m lightonai/GTE-ModernColBERT-v1"""


@click.command(help=HELP)
@options.texts
@options.model("torso:sentiment")
@click.option("--pooling", metavar="NAME", help="mean, cls, max, mean_sqrt_len_tokens, weightedmean, lasttoken.")
@click.option(
    "--normalize/--no-normalize", default=None, help="Bring vectors to length 1; otherwise as the folder says."
)
@click.option("--prompt", metavar="TEXT", help="Put TEXT before each text; otherwise what the folder puts there.")
@click.option("--prompt-name", metavar="NAME", help="One of the folder's prompts, by its name.")
@click.option("--task", metavar="NAME", help="Use the adapter of this task, of a model that has several (jina v3).")
@click.option("--dimensions", type=int, metavar="N", help="Keep the first N numbers, of models trained for it.")
@click.option("--sparse", is_flag=True, help="Sparse vectors: of a SPLADE, or BGE-M3's lexical weights.")
@click.option("--multi-vector", is_flag=True, help="A vector of each token: of a ColBERT, or BGE-M3's.")
@click.option("--query", is_flag=True, help="With --multi-vector: read the texts as queries.")
@click.option("--output", metavar="FILE", help="Write all vectors to FILE: .npy (float32), or .jsonl.")
@options.lengths(merges=("mean", "max"))
@options.device
@options.as_json
@options.as_csv
def embed(
    texts: tuple[str, ...],
    file: str | None,
    columns: tuple[str, ...],
    model: str,
    pooling: str | None,
    normalize: bool | None,
    prompt: str | None,
    prompt_name: str | None,
    task: str | None,
    dimensions: int | None,
    sparse: bool,
    multi_vector: bool,
    query: bool,
    output: str | None,
    long: Literal["error", "truncate", "window"],
    stride: int | None,
    merge: Literal["mean", "max"] | None,
    device: str | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Print or write vectors."""
    if as_csv and output is not None:
        what = say("--csv and --output cannot be used together: the ending of FILE decides its form.")
        raise click.UsageError(what, click.get_current_context())
    if sparse or multi_vector or query:
        alone: dict[str, object] = {"--normalize": normalize, "--task": task, "--dimensions": dimensions}
        alone |= {"--merge": merge}
        alone |= {"--pooling": pooling, "--prompt": prompt, "--prompt-name": prompt_name} if multi_vector else {}
        refuse_beside(sparse, multi_vector, query, alone)
    given = texts_of(texts, file, columns)
    if output is not None:
        from torso.cli.vectors import check_suffix

        check_suffix(Path(output), *([".jsonl"] if sparse or multi_vector else []))
    from torso.engines.memory import stay_flat

    stay_flat()
    from torso.tasks import embed as run

    kept, stream = paired(given)
    if sparse or multi_vector:
        from torso.tasks import embed_multi_vector, embed_sparse

        of_sparse: dict[str, Any] = dict(pooling=pooling, prompt=prompt, prompt_name=prompt_name)
        shared: dict[str, Any] = dict(model=model, long=long, stride=stride, device=device)
        several = embed_sparse(stream, **of_sparse, **shared) if sparse else None
        several = several or embed_multi_vector(stream, query=query, **shared)
        show_kinds(
            ((kept.popleft(), each) for each in watched(iter(several), len(texts) or None, printed=output is None)),
            output,
            as_json,
            as_csv,
        )
        return
    made = run(
        stream,
        model=model,
        pooling=pooling,
        normalize=normalize,
        prompt=prompt,
        prompt_name=prompt_name,
        task=task,
        dimensions=dimensions,
        long=long,
        stride=stride,
        merge=merge,
        device=device,
    )
    rows = _rows(kept, watched(iter(made), len(texts) or None, printed=output is None))
    if output is not None:
        _write(rows, Path(output), as_json)
        return
    table = sheet(as_csv, as_json, "text", "vector")
    for text, embedding in rows:
        if as_json:
            print_json(row_of(text, embedding))
        elif table is not None:
            table.write(text, " ".join(map(repr, numbers_of(embedding))))
        else:
            click.echo(_in_short(text, embedding))


def _rows(kept: deque[str], made: Iterator[Embedding]) -> Iterator[tuple[str, Embedding]]:
    for embedding in made:
        yield kept.popleft(), embedding


def _in_short(text: str, embedding: Embedding) -> str:
    first = " ".join(f"{number:.4f}" for number in numbers_of(embedding)[:4])
    about = say(
        "{size} numbers, {pooling} of {tokens} tokens",
        dict(size=len(embedding.vector), pooling=embedding.pooling, tokens=embedding.tokens),
    )
    length = say("length 1") if embedding.normalized else say("not normalized")
    return f"[{first} ...]\t{about}, {length}\t{one_line(text)}"


def _write(rows: Iterator[tuple[str, Embedding]], path: Path, as_json: bool) -> None:
    from torso.cli.vectors import write

    count, size = write(rows, path)
    if as_json:
        print_json({"output": str(path), "vectors": count, "size": size})
    else:
        click.echo(say("{path}: {count} vectors of {size} numbers.", dict(path=path, count=count, size=size)))
