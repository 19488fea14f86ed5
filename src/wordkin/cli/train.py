"""``wordkin train``: from texts to a file of vectors."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (typer looks at the annotations)
from typing import Annotated, Any

import typer

from wordkin.cli.models import Mode, Model, make_config
from wordkin.cli.outputs import check_file, check_output
from wordkin.cli.reports import report_run
from wordkin.cli.runs import Engine, checkpoint_in, machine_for, reader_of, telling_traffic
from wordkin.cli.texts import named_tokenizer, read_corpus
from wordkin.errors import InputError

_TEXT, _MODEL, _RUN = "Text", "Model", "Run"


def train(  # noqa: PLR0913 (the options of the command)
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT",
            help="Text files (a line is a sentence; gz, bz2, xz, zst and zip are read as they are),"
            " Parquet or Arrow files, folders of them, or one folder made by --store.",
        ),
    ],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to save: .safetensors keeps everything; .txt, .vec, .bin and .npy are for"
            " other tools.",
        ),
    ],
    model: Annotated[Model, typer.Option(help="Which model.", rich_help_panel=_MODEL)] = (
        Model.skipgram
    ),
    vector_size: Annotated[int, typer.Option(help="Dimensions.", rich_help_panel=_MODEL)] = 100,
    window: Annotated[
        int | None,
        typer.Option(
            help="Widest distance between words.",
            show_default="5, glove 10",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            help="Passes over the text.",
            show_default="5, doc2vec 20, glove 15",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    negative: Annotated[
        int | None,
        typer.Option(help="Noise words for each pair.", show_default="5", rich_help_panel=_MODEL),
    ] = None,
    sample: Annotated[
        float | None,
        typer.Option(
            help="Thin out words more frequent than this share; 0: none.",
            show_default="0.001, fasttext and doc2vec 0.0001",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    alpha: Annotated[
        float | None,
        typer.Option(
            help="Learning rate at the start.",
            show_default="0.035, cbow 0.065, fasttext and glove 0.05, doc2vec 0.025",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    mode: Annotated[
        Mode | None,
        typer.Option(
            help="fasttext: which way to predict.", show_default="skipgram", rich_help_panel=_MODEL
        ),
    ] = None,
    min_n: Annotated[
        int | None,
        typer.Option(help="fasttext: shortest n-gram.", show_default="3", rich_help_panel=_MODEL),
    ] = None,
    max_n: Annotated[
        int | None,
        typer.Option(help="fasttext: longest n-gram.", show_default="6", rich_help_panel=_MODEL),
    ] = None,
    buckets: Annotated[
        int | None,
        typer.Option(
            help="fasttext: rows for n-grams.",
            show_default="2,000,000, compact 50,000",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    compact: Annotated[
        bool | None,
        typer.Option(
            "--compact",
            help="fasttext: words and n-grams in one small table, as floret has it.",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    dm: Annotated[
        bool | None,
        typer.Option(
            "--dm",
            help="doc2vec: predict from document and neighbours together (PV-DM), not from the"
            " document alone.",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    x_max: Annotated[
        float | None,
        typer.Option(
            help="glove: counts from this on have full weight.",
            show_default="10",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    count_memory: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="glove, ppmi: megabytes that counting may take; the rest goes to disk.",
            show_default="1,074",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    disk_limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="glove, ppmi: megabytes of temporary files that counting may write.",
            show_default="none",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    temp_folder: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="glove, ppmi: where those go.",
            show_default="the system's",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    min_count: Annotated[
        int, typer.Option(min=1, help="Leave rarer words out.", rich_help_panel=_TEXT)
    ] = 5,
    max_vocab: Annotated[
        int | None,
        typer.Option(help="Keep so many words at most.", show_default="all", rich_help_panel=_TEXT),
    ] = None,
    max_vocab_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Bound the memory of counting: forget the rarest words when there are more. Every "
            "ten million take about 1 GB.",
            show_default="no bound",
            rich_help_panel=_TEXT,
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of Parquet, Arrow and JSON lines: where the texts or tokens are.",
            show_default="the only one, or text",
            rich_help_panel=_TEXT,
        ),
    ] = None,
    tokenizer: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="words, words-cased, whitespace, jieba (Chinese), sudachi (Japanese), pythainlp "
            "(Thai), gensim, keras ..., or re:EXPRESSION whose matches are words.",
            rich_help_panel=_TEXT,
        ),
    ] = "words",
    phrases: Annotated[
        int,
        typer.Option(
            min=0,
            max=10,
            help='Join words that belong together ("new_york"), looked for in so many passes.',
            rich_help_panel=_TEXT,
        ),
    ] = 0,
    encoding: Annotated[str, typer.Option(help="Of the text.", rich_help_panel=_TEXT)] = "utf-8",
    store: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Keep the text as ids in this folder: for text larger than memory, and to train "
            "on again.",
            rich_help_panel=_TEXT,
        ),
    ] = None,
    engine: Annotated[
        Engine,
        typer.Option(
            help="What does the work: keras runs on TensorFlow, JAX or PyTorch, and on a GPU; ray"
            " on the machines of a Ray cluster, deterministic.",
            rich_help_panel=_RUN,
        ),
    ] = Engine.cpu,
    address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="ray: where the head of the cluster is, or auto on a machine that belongs to it.",
            show_default="this machine alone",
            rich_help_panel=_RUN,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Threads; ray: processes.",
            show_default="all cores",
            rich_help_panel=_RUN,
        ),
    ] = None,
    deterministic: Annotated[
        bool,
        typer.Option(
            "--deterministic",
            help="Give the same bytes with any number of threads; takes about 1.4 times as long.",
            rich_help_panel=_RUN,
        ),
    ] = False,
    streams: Annotated[
        int,
        typer.Option(
            min=1,
            max=1024,
            help="deterministic: pieces of text that are learned from at the same time.",
            rich_help_panel=_RUN,
        ),
    ] = 4,
    seed: Annotated[
        int, typer.Option(min=0, help="Fixes all random choices.", rich_help_panel=_RUN)
    ] = 1,
    validation: Annotated[
        float,
        typer.Option(
            min=0,
            max=0.5,
            help="Hold out this share of the text, such as 0.01, and tell the loss on it.",
            rich_help_panel=_RUN,
        ),
    ] = 0.0,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            help="Show the nearest words of probe words while they change.",
            rich_help_panel=_RUN,
        ),
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Keep a page of the run: the loss, and the nearest words over time.",
            rich_help_panel=_RUN,
        ),
    ] = None,
    probe: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD",
            help="A word to watch; may be given again. By default eight frequent ones.",
            rich_help_panel=_RUN,
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write checkpoints into this folder, to go on from after a failure.",
            rich_help_panel=_RUN,
        ),
    ] = None,
    checkpoint_every: Annotated[
        str,
        typer.Option(metavar="TIME", help="How often: 30s, 5m, 1h.", rich_help_panel=_RUN),
    ] = "5m",
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on from the checkpoint, if there is one; all else must be given as before.",
            rich_help_panel=_RUN,
        ),
    ] = False,
) -> None:
    """Train word vectors on text and save them."""
    settings: dict[str, Any] = {
        "vector_size": vector_size,
        "window": window,
        "epochs": epochs,
        "negative": negative,
        "sample": sample,
        "alpha": alpha,
        "mode": None if mode is None else mode.value,
        "min_n": min_n,
        "max_n": max_n,
        "buckets": buckets,
        "compact": compact,
        "dm": dm,
        "x_max": x_max,
        "memory": None if count_memory is None else count_memory * 1_000_000,
        "disk_limit": None if disk_limit is None else disk_limit * 1_000_000,
        "temp_folder": temp_folder,
    }
    config = make_config(model, {name: s for name, s in settings.items() if s is not None})
    reading = {
        "column": column,
        "tokenizer": named_tokenizer(tokenizer),
        "min_count": min_count,
        "max_vocab": max_vocab,
        "max_vocab_size": max_vocab_size,
        "phrases": phrases,
        "encoding": encoding,
        "store": store,
    }
    check_output(output, inputs)
    if model is Model.doc2vec and output.suffix != ".safetensors":
        raise InputError(f"Documents are saved as .safetensors; got {str(output)!r}.")
    check_file(html, [output, *inputs])
    machine = machine_for(engine, address)

    from wordkin.cli.interrupt import telling_of
    from wordkin.cli.screen import Screen, size_of
    from wordkin.training import RunRecord, memory_needed
    from wordkin.training import train as run

    callbacks, begun = checkpoint_in(checkpoint, checkpoint_every, resume=resume)
    written = next((each.path for each in callbacks), None)
    screen = Screen()
    with telling_of(written, resumed=begun is not None):
        corpus = read_corpus(screen, inputs, reading, cluster=reader_of(machine))
        need = memory_needed(
            corpus,
            config,
            workers=workers,
            engine=machine,
            streams=streams if deterministic or engine is Engine.ray else 0,
        )
        screen.note(f"training needs {need}")
        record = RunRecord(probe) if watch or html or probe else None
        if record is not None:
            record.check(corpus.vocabulary)
        watched = record if watch or probe else None
        with telling_traffic(screen.note), screen.training(watched) as shown:
            trained = run(
                corpus,
                config,
                seed=seed,
                workers=workers,
                engine=machine,
                validation=validation,
                callbacks=[*([record] if record else []), shown, *callbacks],
                resume=begun,
                deterministic=deterministic,
                streams=streams,
            )
        with screen.waiting():
            trained.save(output)
    if record is not None and html is not None:
        record.to_html(html, title=f"{type(config).__name__}: {output.name}")
    report_run(screen, trained)
    screen.line()
    documents = f"{len(trained.documents):,} documents and " if trained.documents else ""
    screen.line(
        f"Saved {documents}{len(trained.vectors):,} words, {config.vector_size} dimensions: "
        f"{output} ({size_of(output.stat().st_size)})",
        style="bold green",
    )
