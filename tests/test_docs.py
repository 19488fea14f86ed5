"""The documentation names what there is, all of it, and nothing else."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest
import typer.main

import wordkin
from wordkin.cli import app

DOCS = Path(__file__).resolve().parents[1] / "docs"
PEERS = {"gensim": "from-gensim", "fasttext": "from-fasttext", "torchtext": "pytorch"}


def _flat(commands, prefix=""):
    """The commands by name, those of a group behind the name of the group."""
    found = {}
    for name, command in commands.items():
        inner = getattr(command, "commands", None)
        found |= _flat(inner, f"{prefix}{name} ") if inner else {prefix + name: command}
    return found


COMMANDS = _flat(typer.main.get_command(app._make_app()).commands)


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    """The page of the command line, by its headings."""
    parts = re.split(r"^## (.*)$", (DOCS / "command-line.md").read_text("utf-8"), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", list(COMMANDS))
def test_each_option_is_documented_and_each_documented_one_exists(
    sections: dict[str, str], name: str
) -> None:
    parameters = COMMANDS[name].params
    there = {one for each in parameters for one in [*each.opts, *each.secondary_opts]}
    there = {option for option in there if option.startswith("-")} - {"--help"}
    documented = set(re.findall(r"`(-k|-o|--[a-z-]+)", sections[name]))
    assert documented == there


def test_each_public_name_is_listed() -> None:
    listed = re.findall(r"^   wordkin\.(\w+)$", (DOCS / "api.md").read_text("utf-8"), flags=re.M)
    missing = set(wordkin.__all__) - set(listed) - {"__version__"}
    assert not missing, f"add them to docs/api.md: {missing}"


def _cells(page: str) -> list[tuple[str, str]]:
    """The first two cells of each row of the tables of a page."""
    rows = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("|")]
    return [(row[0], row[1]) for row in rows if not set(row[0].strip()) <= {"-"}]


def _code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


HOWTO = {peer: (DOCS / "howto" / f"{page}.md").read_text("utf-8") for peer, page in PEERS.items()}
NEW_CALLS = sorted({
    code
    for page in HOWTO.values()
    for _, new in _cells(page)
    for code in _code(new)
    if not code.startswith(("wordkin ", "import ", "_", "-"))
})  # fmt: skip


@pytest.fixture(scope="module")
def things() -> dict[str, object]:
    """What the pages call by these names."""
    texts = ["the cat sat", "the dog sat"] * 10
    corpus = wordkin.Corpus.from_texts(texts, min_count=1, phrases=1)
    model = wordkin.train(corpus, wordkin.SkipGram(vector_size=2, epochs=1, sample=0), workers=1)
    documents = wordkin.train(corpus, wordkin.Doc2Vec(vector_size=2, epochs=1), workers=1).documents
    clf = wordkin.TextClassifier().fit(texts, ["cat", "dog"] * 10)
    names = {"wk": wordkin, "corpus": corpus, "model": model, "documents": documents, "clf": clf}
    encoder = wordkin.DocumentEncoder(model.vectors)
    made = {"train": model, "TextClassifier": clf, "DocumentEncoder": encoder}
    made |= {"from_sentences": corpus, "vocabulary": corpus.vocabulary}
    return names | made | {"vectors": model.vectors}


def _thing(node: ast.expr, things: dict[str, object]) -> object:
    """What an expression names. Calls are checked against signatures, and not made."""
    if isinstance(node, ast.Attribute):
        return getattr(_thing(node.value, things), node.attr)
    if isinstance(node, ast.Call):
        called = _thing(node.func, things)
        for part in [*node.args, *(keyword.value for keyword in node.keywords)]:
            if isinstance(part, ast.Call):
                _thing(part, things)
        keywords = {keyword.arg: None for keyword in node.keywords}
        inspect.signature(called).bind(*[None] * len(node.args), **keywords)
        return things.get(getattr(called, "__name__", ""), called)  # what a call of it makes
    if isinstance(node, ast.Subscript | ast.Compare):
        of = node.value if isinstance(node, ast.Subscript) else node.comparators[0]
        return _thing(of, things)
    return things[node.id]


@pytest.mark.parametrize("code", NEW_CALLS)
def test_each_new_call_of_the_tables_exists(things: dict[str, object], code: str) -> None:
    _thing(ast.parse(code, mode="eval").body, things)


@pytest.mark.parametrize(
    "code",
    [code for _, new in _cells(HOWTO["fasttext"]) for code in _code(new) if code[:8] == "wordkin "],
)
def test_each_command_of_the_tables_exists(code: str) -> None:
    words = code.split()[1:]
    name = " ".join(words[:2]) if " ".join(words[:2]) in COMMANDS else words[0]
    there = {one for each in COMMANDS[name].params for one in each.opts}
    assert {word for word in words if word.startswith("-")} <= there


OLD_CALLS = [code for old, _ in _cells(HOWTO["gensim"]) for code in _code(old)]


def test_gensim_has_what_the_table_says() -> None:
    models = pytest.importorskip("gensim.models")
    names = {"kv": models.KeyedVectors(2), "model": models.Word2Vec([["a"]], min_count=1)}
    names["model"].dv = models.Doc2Vec().dv
    names["model"].infer_vector = models.Doc2Vec.infer_vector
    for cls in (models.Word2Vec, models.FastText, models.Phrases, models.Doc2Vec):
        names[cls.__name__] = cls
    checked = 0
    for code in OLD_CALLS:
        node = ast.parse(code).body[0]
        for part in ast.walk(node):
            if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
                owner = names.get(part.value.id)
                assert owner is None or hasattr(owner, part.attr), code
                checked += owner is not None
    assert checked > 25


def test_figures_of_the_first_page_stand_on_the_pages_that_it_links() -> None:
    """A figure that was measured anew is to be told anew here, too."""
    first = (DOCS / "index.md").read_text("utf-8")
    claims = first.split("## What it claims")[1].split("\n\nHow")[0].split("\n- **")[1:]
    found = 0
    for claim in claims:
        (page,) = re.findall(r"\]\(([\w-]+\.md)\)", claim)
        figures = re.findall(r"\*\*([^*]+)\*\*", claim.partition("**")[2])
        text = " ".join((DOCS / page).read_text("utf-8").split())
        for figure in figures:
            assert re.search(rf"(?<![\d.]){re.escape(figure)}(?![\d]|\.\d)", text), (page, figure)
        found += len(figures)
    assert found > 5


def test_each_benchmark_is_named() -> None:
    page = (DOCS / "benchmarks.md").read_text("utf-8")
    there = {path.name for path in (DOCS.parent / "benchmarks").glob("*.py")}
    assert set(re.findall(r"`(\w+\.py)`", page)) == there
