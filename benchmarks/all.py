"""The short form of every script here, one after the other, and one page with what they printed.

    python benchmarks/all.py OUT.md [--only training,kernels] [--data FOLDER] [--limit SECONDS]

A short form takes a few megabytes of text, one or two repetitions and one seed. It shows that a
script runs on this machine, and which way its figures go; those in the documentation come from the
scripts' defaults. What can't run here (no peer, no data) is in the table, with the reason.
GLOVE_PEER names the folder of Stanford's programs, FASTTEXT_PEER a Python that has `fasttext`.
"""

from __future__ import annotations

import argparse
import lzma
import os
import subprocess
import sys
import tempfile
import time
from itertools import groupby
from pathlib import Path

from machine import describe, memory_bandwidth, sgemm_peak, table

HERE = Path(__file__).resolve().parent
TEXT_BYTES = 3_000_000
HELPERS = {"all.py", "machine.py", "scores.py"}  # all others have a short form

# {text}: the first megabytes of wiki8; {data}: the folder; {out}: a folder that goes
SHORT = {
    "kernels": "--text {text} --runs 1 --tokens 400000",
    "training": "--text {text} --scores {data}/eval --pairs 1 --lines speed",
    "distributed": "{text} --words 300000 --threads 1 2 --workers 1",
    "hosts": "{text} --words 200000 --epochs 3",
    "deterministic": "--data {data} --models SkipGram --seeds 1 --words 300000",
    "fasttext": "--text {text} --scores {data}/eval --peer {fasttext} --pairs 1 --lines speed",
    "glove": "--text {text} --scores {data}/eval --peer {glove} --pairs 1 --epochs 2",
    "losses": "--text {text} --scores {data}/eval --megabytes 1 --words 500 --runs 1",
    "models": "--text {text} --scores {data}/eval --models SkipGram,CBOW,GloVe,PPMI",
    "small_corpora": "--text {text} --scores {data}/eval --millions 0.1 --seeds 1",
    "presets": "--data {data} --runs 1 --only text",
    "languages": "{data}/lang",
    "phrases": "--text {text} --words 300000 --passes 1 --runs 1",
    "keras_engine": "--text {text} --bytes 500000 --lines speed --pairs 1 --steps 30",
    "pairs": "--text {text} --tokens 5000 --pairs 2",
    "load_and_search": "--glove {data}/glove.6B.50d.txt.xz --pairs 1 --lines native",
    "search": "--vectors {data}/glove.6B.50d.txt.xz --pairs 1 --lines one,batch",
    "explorer": "--vectors {data}/glove.6B.50d.txt.xz --words 20000",
    "documents": "--text {text} --vectors {data}/glove.6B.50d.txt.xz --only speed"
    " --documents 500 --runs 1",
    "layers": "torch",
    "classify": "--data {data} --sets r8 --pairs 1 --epochs 3",
    "newsgroups": "--data {data}/20_newsgroup.tar.gz --split {data}/20news-bydate-split.tsv"
    " --vectors {data}/glove.6B.50d.txt.xz --texts 1000 --rows printed/random/mean"
    " --out {out}/newsgroups.jsonl",
    "big": "types --types 100000 --words 2000000 --limit 50000 --folder {out}",
}


def main() -> None:
    options = parse()
    names = options.only.split(",") if options.only else list(SHORT)
    if unknown := set(names) - set(SHORT):
        sys.exit(f"No such script: {', '.join(sorted(unknown))}. There are: {', '.join(SHORT)}.")
    rows = [("script", "what came of it", "seconds")]
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        places = prepare(options.data, Path(folder))
        for name in names:
            done, seconds, printed = run(name, places, options.limit)
            print(f"{name}: {done} ({seconds:.0f} s)", flush=True)
            rows.append((f"`{name}.py`", done, f"{seconds:.0f}"))
            parts.append(f"## {name}.py\n\n```\n{command(name, {})}\n```\n\n{printed}")
    machine = f"{describe()}\nsgemm, all threads: {sgemm_peak():.0f} GFLOP/s; memory: "
    machine += f"{memory_bandwidth():.0f} GB/s in one thread; load: {os.getloadavg()[0]:.1f}"
    page = [f"# The short form of all benchmarks\n\n{time.strftime('%Y-%m-%d')}\n\n```"]
    page += [f"{machine}\n```\n", table(rows), "", *parts]
    options.out.write_text("\n".join(page).rstrip() + "\n", encoding="utf-8")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    data = Path(os.environ.get("WORDKIN_TEST_DATA", "../shared/data"))
    parser.add_argument("out", type=Path, help="the page to write, Markdown")
    parser.add_argument("--only", help="names of scripts, with commas between")
    parser.add_argument("--data", type=Path, default=data)
    parser.add_argument("--limit", type=int, default=900, help="seconds that each may take")
    return parser.parse_args()


def prepare(data: Path, folder: Path) -> dict[str, str]:
    """What stands in the commands; nothing for what is not here."""
    places = {"data": str(data.resolve()), "out": str(folder)}
    if (data / "wiki8.xz").exists():
        with lzma.open(data / "wiki8.xz") as packed:
            text = packed.read(TEXT_BYTES)
        (folder / "text.txt").write_bytes(text[: text.rindex(b" ")] + b"\n")
        places["text"] = str(folder / "text.txt")
    for name in ("glove", "fasttext"):
        if os.environ.get(f"{name.upper()}_PEER"):
            places[name] = os.environ[f"{name.upper()}_PEER"]
    return places


def command(name: str, places: dict[str, str]) -> str:
    """The command of a short form; as a reader would type it where no places are given."""
    words = SHORT[name].format_map(places) if places else SHORT[name]
    return f"python benchmarks/{name}.py {words}"


def run(name: str, places: dict[str, str], limit: int) -> tuple[str, float, str]:
    """What came of a script, the seconds it took, and what it printed."""
    start = time.perf_counter()
    try:
        words = command(name, places).split()[2:]
    except KeyError as error:
        return f"not run: no {error.args[0]} here", 0.0, ""
    missing = [word for word in words if word.startswith("/") and not there(Path(word))]
    if missing:
        return f"not run: no {Path(missing[0]).name} here", 0.0, ""
    try:
        done = subprocess.run(
            [sys.executable, str(HERE / f"{name}.py"), *words],
            capture_output=True, text=True, timeout=limit, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"broken off after {limit} s", time.perf_counter() - start, ""
    seconds = time.perf_counter() - start
    printed = shown(done.stdout)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
        missing = last.partition(":")[0].endswith(("ModuleNotFoundError", "MissingExtraError"))
        return (
            f"{'not run' if missing else 'failed'}: {last[:160]}".replace("|", "/"),
            seconds,
            printed,
        )
    return "done", seconds, printed


def there(path: Path) -> bool:
    """Whether a file is there, or the folder that it is to be written into."""
    return path.exists() or path.suffix == ".jsonl"


def shown(printed: str) -> str:
    """Tables as tables, all other lines as they were printed."""
    parts = []
    for is_table, lines in groupby(printed.strip().splitlines(), lambda line: line[:1] == "|"):
        block = "\n".join(lines).strip("\n")
        parts.append(block if is_table or not block else f"```\n{block}\n```")
    return "\n\n".join(part for part in parts if part) + "\n"


if __name__ == "__main__":
    main()
