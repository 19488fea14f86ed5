"""Columns of tables as text: every kind gives the same corpus as its texts in a list."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zipfile

import numpy as np
import pytest

from wordkin import Corpus
from wordkin.corpus import reading
from wordkin.errors import ConfigError, FormatError, InputError
from wordkin.text import columns, json_lines, tables
from wordkin.text.columns import Column

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

TEXTS = ["the cat\nsat", None, "on the mat\r\n", "", "ünï the\rcode", "the end"]
TOKENS = [["the", "cat"], None, ["sat", None, "on the"], [], ["the"], ["cat", "sat"]]
TABLE = {"n": [1, 2, 3, 4, 5, 6], "text": TEXTS, "tokens": TOKENS}


class Dataset:
    """What wordkin knows of a dataset of Hugging Face, in a few lines."""

    def __init__(self, table, names=None):
        self.table = table
        self.column_names = table.column_names if names is None else names

    def select_columns(self, names):
        return Dataset(self.table.select(names))

    def with_format(self, name):
        assert name == "arrow"
        return self

    def iter(self, size):
        for start in range(0, len(self.table), size):
            yield self.table.slice(start, size)

    def __iter__(self):
        yield from self.table.to_pylist()

    def __len__(self):
        return len(self.table)


def written(tmp_path, kind, table):
    """Write a table, and return its path."""
    path = tmp_path / f"table.{kind}"
    if kind == "parquet":
        parquet.write_table(table, path, row_group_size=2)
    elif kind == "jsonl":
        lines = [json.dumps(row) for row in table.to_pylist()]
        path.write_text("\n".join([*lines[:3], "", *lines[3:]]) + "\n", encoding="utf-8")
    else:
        opened = pa.ipc.new_file if kind == "arrow" else pa.ipc.new_stream
        with opened(str(path), table.schema) as file:
            file.write_table(table, max_chunksize=4)
    return path


def same(corpus, other):
    assert corpus.vocabulary == other.vocabulary
    assert corpus.vocabulary.counts.tolist() == other.vocabulary.counts.tolist()
    assert corpus.ids.tolist() == other.ids.tolist()
    assert corpus.starts.tolist() == other.starts.tolist()
    assert corpus.empty.tolist() == other.empty.tolist()


@pytest.fixture(scope="module")
def from_texts():
    return Corpus.from_texts([text or "" for text in TEXTS], min_count=1)


@pytest.fixture(scope="module")
def from_tokens():
    known = [[token for token in tokens or [] if token is not None] for tokens in TOKENS]
    return Corpus.from_sentences(known, min_count=1)


@pytest.fixture(params=[1024, 2], ids=["one batch", "batches of 2"])
def _batches(request, monkeypatch):
    monkeypatch.setattr(tables, "_ROWS", request.param)


@pytest.mark.usefixtures("_batches")
@pytest.mark.parametrize("kind", ["parquet", "arrow", "stream", "jsonl"])
def test_files(tmp_path, kind, from_texts, from_tokens):
    path = written(tmp_path, kind, pa.table(TABLE))
    corpus = Corpus.from_path(path, column="text", min_count=1)
    same(corpus, from_texts)
    assert corpus.account.nulls == 1
    assert corpus.empty.tolist() == [1, 3]
    assert "null cells and tokens" in str(corpus.account)
    corpus = Corpus.from_path(path, column="tokens", min_count=1)
    same(corpus, from_tokens)
    assert corpus.account.nulls == 2
    assert corpus.vocabulary.tokenizer is None


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
@pytest.mark.parametrize("kind", ["arrow", "stream"])
def test_arrow_files_with_dictionaries_and_compressed(tmp_path, kind, compression, from_texts):
    words = pa.array(TEXTS).dictionary_encode()
    table = pa.table({"n": TABLE["n"], "text": TEXTS, "again": words, "tokens": TOKENS})
    options = pa.ipc.IpcWriteOptions(compression=compression)
    path = tmp_path / "table"
    opened = pa.ipc.new_file if kind == "arrow" else pa.ipc.new_stream
    with opened(str(path), table.schema, options=options) as file:
        file.write_table(table, max_chunksize=4)
    for column in ("text", "again"):
        same(Corpus.from_path(path, column=column, min_count=1), from_texts)


STRINGS = [
    pa.string(),
    pa.large_string(),
    pa.string_view(),
    pa.dictionary(pa.int32(), pa.string()),
]


@pytest.mark.parametrize("kind", STRINGS, ids=str)
def test_every_kind_of_string(kind, from_texts, from_tokens):
    column = pa.array(TEXTS, pa.string()).cast(kind)
    same(Corpus.from_rows(pa.table({"a": column}), min_count=1), from_texts)
    padded = pa.concat_arrays([pa.array(["x"]).cast(kind), column])
    same(Corpus.from_rows(pa.table({"a": padded.slice(1)}), min_count=1), from_texts)


@pytest.mark.parametrize("kind", [pa.list_(pa.string()), pa.large_list(pa.large_string())], ids=str)
def test_every_kind_of_list(kind, from_tokens):
    same(Corpus.from_rows(pa.table({"a": pa.array(TOKENS, kind)}), min_count=1), from_tokens)


@pytest.mark.usefixtures("_batches")
@pytest.mark.parametrize(
    "make",
    [
        lambda table: table,
        lambda table: table.to_reader(max_chunksize=4),
        lambda table: table.combine_chunks().to_batches()[0],
        lambda table: pytest.importorskip("pandas") and table.to_pandas(),
        lambda table: table.to_pylist(),
        lambda table: iter(table.to_pylist()),
        lambda table: table.to_pydict(),
        Dataset,
        lambda table: Dataset(table, names=[]) and iter(Dataset(table)),
    ],
    ids=["table", "reader", "batch", "pandas", "dicts", "once", "columns", "dataset", "stream"],
)
@pytest.mark.parametrize("column", ["text", "tokens"])
def test_rows(make, column, from_texts, from_tokens):
    corpus = Corpus.from_rows(make(pa.table(TABLE)), column=column, min_count=1)
    same(corpus, from_texts if column == "text" else from_tokens)
    assert corpus.account.nulls == (1 if column == "text" else 2)


def test_real_datasets(tmp_path, from_texts, from_tokens):
    datasets = pytest.importorskip("datasets")
    dataset = datasets.Dataset.from_dict(TABLE)
    streamed = dataset.to_iterable_dataset()
    mapped = datasets.IterableDataset.from_generator(lambda: iter(pa.table(TABLE).to_pylist()))
    dataset.save_to_disk(tmp_path / "saved")
    for rows in (dataset, streamed, mapped, datasets.load_from_disk(tmp_path / "saved")):
        same(Corpus.from_rows(rows, column="text", min_count=1), from_texts)
        same(Corpus.from_rows(rows, column="tokens", min_count=1), from_tokens)
    same(Corpus.from_texts([text or "" for text in dataset["text"]], min_count=1), from_texts)
    file = next((tmp_path / "saved").glob("*.arrow"))
    same(Corpus.from_path(file, column="text", min_count=1), from_texts)
    with pytest.raises(InputError, match="These are 1 datasets: choose one of \\['train'\\]"):
        Corpus.from_rows(datasets.DatasetDict(train=dataset))


def test_a_long_table_goes_through_compiled_code(tmp_path, monkeypatch):
    """And is cut into blocks without regard to batches; nothing depends on where."""
    monkeypatch.setattr(columns, "BLOCK_BYTES", 1 << 10)
    rng = np.random.default_rng(1)
    lines = rng.integers(0, 300, (1500, 9)).astype("U")
    texts = [" ".join(line[:n]) for line, n in zip(lines, rng.integers(0, 9, 1500), strict=True)]
    texts[700] = "x" + " word" * 1000
    used = []
    given = reading.pieces.of_source
    monkeypatch.setattr(reading.pieces, "of_source", lambda *a: used.append(1) or given(*a))
    expected = Corpus.from_texts(texts)
    assert used.pop()
    for kind in ("parquet", "arrow"):
        path = written(tmp_path, kind, pa.table({"text": texts}))
        same(Corpus.from_path(path), expected)
        same(Corpus.from_path([path]), expected)
    assert not used


def test_several_files(tmp_path, from_texts):
    for name, texts in (("a", TEXTS[:2]), ("b", TEXTS[2:])):
        parquet.write_table(pa.table({"text": texts}), tmp_path / f"{name}.parquet")
    same(Corpus.from_path(tmp_path, min_count=1), from_texts)


def test_rows_may_lack_the_column_as_long_as_it_has_begun(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_ROWS", 2)
    rows = [{"text": "a b"}, {"text": "b"}, {"id": 3}, {"id": 4}, {"id": 5}, {"text": "b"}]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    expected = Corpus.from_texts(["a b", "b", "", "", "", "b"], min_count=1)
    for corpus in (
        Corpus.from_path(path, column="text", min_count=1),
        Corpus.from_rows(rows, column="text", min_count=1),
    ):
        same(corpus, expected)
        assert corpus.account.nulls == 3


def test_halves_of_characters_are_counted_wherever_a_text_comes_from(tmp_path):
    text = "to \ud800be or"
    path = tmp_path / "broken.jsonl"
    path.write_text(json.dumps({"text": text}))
    expected = Corpus.from_texts([text], min_count=1)
    assert expected.account.undecodable_bytes == 3
    for corpus in (
        Corpus.from_path(path, column="text", min_count=1),
        Corpus.from_rows([{"text": text}], min_count=1),
    ):
        same(corpus, expected)
        assert corpus.account.undecodable_bytes == 3


def test_files_of_texts_and_of_tokens_are_not_mixed(tmp_path):
    for name, column in (("a", ["some words", "more"]), ("b", [["a", "list"]])):
        parquet.write_table(pa.table({"text": column}), tmp_path / f"{name}.parquet")
    a, b = tmp_path / "a.parquet", tmp_path / "b.parquet"
    with pytest.raises(InputError, match="Row 2 holds no text but list<"):
        Corpus.from_path([a, b], min_count=1)
    with pytest.raises(InputError, match="Row 1 holds no list of tokens but str 'some words'"):
        Corpus.from_path([b, a], min_count=1)


def test_a_table_that_is_compressed_is_told_to_be_unpacked(tmp_path):
    path = written(tmp_path, "parquet", pa.table(TABLE))
    packed = tmp_path / "table.parquet.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(InputError, match=r"gz' is a table that is compressed.*[Uu]npack it"):
        Corpus.from_path(packed, column="text")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        for name in ("a.parquet", "b.parquet"):
            archive.write(path, name)
    with pytest.raises(InputError, match=r"zip#a\.parquet' is a table that is compressed"):
        Corpus.from_path(f"{tmp_path / 'two.zip'}#a.parquet", column="text")


def test_one_text_is_no_column_of_letters():
    with pytest.raises(InputError, match="The column 'text' is no list but str 'abc'"):
        Corpus.from_rows({"text": "abc"}, min_count=1)


def test_the_column_is_found_if_there_is_one():
    def found(*names, column=None):
        return tables.chosen(pa.schema([(n, pa.string()) for n in names]), column, "it")

    assert found("a") == "a"
    assert found("url", "text") == "text"
    assert found("url", "text", column="url") == "url"
    with pytest.raises(InputError, match=r"Which column of 'it' holds the text.*'a'.*'b'"):
        found("a", "b")
    schema = pa.schema([("id", pa.int64()), ("body", pa.string())])
    assert tables.chosen(schema, None, "it") == "body"
    with pytest.raises(InputError, match="'id' of 'it' holds no texts or lists of tokens"):
        tables.chosen(schema, "id", "it")


@pytest.mark.parametrize("rows", [TABLE, pa.table(TABLE), [{"n": 1, "text": "a", "tokens": []}]])
def test_wrong_columns(rows):
    with pytest.raises(InputError, match="There is no column 'txt'"):
        Corpus.from_rows(rows, column="txt")


def test_wrong_rows(tmp_path):
    with pytest.raises(InputError, match="takes a table or rows with names; got str"):
        Corpus.from_rows("table.parquet")
    with pytest.raises(InputError, match="Texts go to from_texts"):
        Corpus.from_rows(["a text"])
    with pytest.raises(InputError, match="Texts go to from_texts"):
        Corpus.from_rows(pa.array(["a text"]))
    with pytest.raises(InputError, match="takes rows with names; got str 'a text'"):
        Corpus.from_rows([{"text": "a"}, "a text"])
    with pytest.raises(InputError, match="These are 1 datasets: choose one of \\['train'\\]"):
        Corpus.from_rows({"train": Dataset(pa.table(TABLE))})
    with pytest.raises(InputError, match="Row 1 holds no text but int 7"):
        Corpus.from_rows([{"text": "a"}, {"text": 7}])
    with pytest.raises(InputError, match="Row 1 holds no list of tokens but str 'a b'"):
        Corpus.from_rows([{"text": ["a"]}, {"text": "a b"}])
    with pytest.raises(ConfigError, match="hold tokens, not texts: leave out tokenizer"):
        Corpus.from_rows(TABLE, column="tokens", tokenizer="words")
    path = tmp_path / "lines"
    path.write_text('{"text": "a"}\n{"text": \n')
    with pytest.raises(FormatError, match=r"Line 2 of .* is no JSON"):
        Corpus.from_path(path, column="text")
    table = written(tmp_path, "parquet", pa.table(TABLE))
    with pytest.raises(InputError, match=r"parquet' is a table and .*lines' is not"):
        Corpus.from_path([table, path])


def test_a_text_may_begin_as_tables_do(tmp_path):
    texts = ["PAR1 is a gene", "ARROW1\tis a word", "PAR1", "ARROW1"]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.txt").write_text(text)
    (tmp_path / "9.gz").write_bytes(gzip.compress(texts[0].encode()))
    same(
        Corpus.from_path(tmp_path, min_count=1), Corpus.from_texts([*texts, texts[0]], min_count=1)
    )


def test_the_names_of_fields_are_no_tokens():
    """A translation is kept as a mapping; each of its rows was the two words "de" and "en"."""
    rows = [{"translation": {"de": "ein Haus", "en": "a house"}}] * 2
    for table in (
        rows,
        pa.Table.from_pylist(rows).to_pydict(),
        Dataset(pa.Table.from_pylist(rows)),
    ):
        with pytest.raises(InputError, match="Row 0 holds no list of tokens but dict"):
            Corpus.from_rows(table, min_count=1)


def test_several_columns_of_one_name():
    twice = pa.table([pa.array(["a b"]), pa.array(["c"])], ["text", "text"])
    with pytest.raises(InputError, match="There are 2 columns 'text' in 'Table'"):
        Corpus.from_rows(twice, min_count=1)

    class Frame(dict):  # of pandas: a frame of the columns with a name, which yields their names
        columns = ("text", "text")

        def __getitem__(self, name):
            return self

    with pytest.raises(InputError, match="The column 'text' is no list but Frame"):
        Corpus.from_rows(Frame(text=1), min_count=1)


def test_a_name_may_be_empty():
    rows = [{"": "a b", "text": "c"}]
    for table in (rows, pa.Table.from_pylist(rows), pa.Table.from_pylist(rows).to_pydict()):
        assert Corpus.from_rows(table, column="", min_count=1).vocabulary.words == ["a", "b"]
        with pytest.raises(InputError, match="There is no column 'id'"):
            Corpus.from_rows(table, column="id")
        assert Corpus.from_rows(table, min_count=1).vocabulary.words == ["c"]


def test_a_wrong_name_does_not_list_a_thousand():
    rows = [{f"column {n}": "a" for n in range(1000)}]
    with pytest.raises(InputError, match=r"There is no column 'text'.*'column 9'") as caught:
        Corpus.from_rows(rows, column="text")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16", "cp037"])
def test_lines_of_json_in_any_encoding(tmp_path, encoding):
    path = tmp_path / "lines.gz"
    lines = '{"text": "größer als"}\r\n\n{"text": "das\\nÄhnliche"}\n{}\n'
    path.write_bytes(gzip.compress(lines.encode(encoding)))
    corpus = Corpus.from_path(path, column="text", encoding=encoding, min_count=1)
    same(corpus, Corpus.from_texts(["größer als", "das Ähnliche", ""], min_count=1))
    assert corpus.account.nulls == 1


def test_lines_of_json_in_another_encoding_than_was_said(tmp_path):
    path = tmp_path / "lines"
    path.write_bytes('{"text": "größer als"}\n'.encode("latin-1"))
    with pytest.raises(FormatError, match=r"lines' is no ascii: .*0xf6"):
        Corpus.from_path(path, column="text", encoding="ascii", min_count=1)
    with pytest.raises(FormatError, match=r"Line 1 of .*lines' is no JSON: .*can't decode"):
        Corpus.from_path(path, column="text", min_count=1)


@pytest.mark.parametrize("kind", ["parquet", "arrow", "stream"])
def test_damaged_files(tmp_path, kind):
    path = written(tmp_path, kind, pa.table({"text": ["some words"] * 9}))
    whole = path.read_bytes()
    for size in range(8, len(whole), 40):
        path.write_bytes(whole[:size])
        try:
            corpus = Corpus.from_path(path, min_count=1)
        except FormatError as error:
            assert str(path) in str(error)  # noqa: PT017 (a stream may end between two batches)
        else:
            assert kind == "stream"
            assert corpus.n_tokens <= 18


def test_all_null():
    column = Column(lambda: iter([[None, None]]), "reading")
    has_tokens, batches = column.begin()
    assert not has_tokens
    assert b"".join(block.data for block in column.blocks(batches)) == b"\n\n"
    assert column.nulls == 2


@pytest.mark.parametrize("kind", ["parquet", "arrow", "stream"])
def test_memory_is_bounded(tmp_path, kind):
    """A table of 35 MB in one group of rows is read with less than a third of that."""
    line = " ".join(f"word{n}" for n in range(160))
    table = pa.table({"n": range(30_000), "text": [f"{n} {line}" for n in range(30_000)]})
    path = tmp_path / "table"
    if kind == "parquet":
        parquet.write_table(table, path, compression="none", use_dictionary=False)
    else:
        with (pa.ipc.new_file if kind == "arrow" else pa.ipc.new_stream)(path, table.schema) as f:
            f.write_table(table)
    size = path.stat().st_size
    assert size > 30_000_000
    del table
    column = tables.open_columns([str(path)], "text")
    given = pa.default_memory_pool()
    before = given.bytes_allocated()
    pool = pa.proxy_memory_pool(pa.system_memory_pool())
    pa.set_memory_pool(pool)
    tracemalloc.start()
    try:
        has_tokens, batches = column.begin()
        read = of_file = 0
        for block in column.blocks(batches):
            read += len(block.data)
            # what a file is read into comes from the pool that was there first
            of_file = max(of_file, given.bytes_allocated() - before)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(given)
    assert not has_tokens
    assert read > 30_000_000
    assert peak + pool.max_memory() + of_file < size / 3


def test_blocks_tell_of_their_own_bytes(monkeypatch):
    monkeypatch.setattr(columns, "BLOCK_BYTES", 4)
    column = Column(lambda: iter([["one", "two\ud800", "", "th\nree", "x"]]), "reading")
    _, batches = column.begin()
    blocks = list(column.blocks(batches))
    wanted = [b"one\n", "two\ufffd\n".encode(), b"\nth ree\n", b"x\n"]
    assert [block.data for block in blocks] == wanted
    assert [block.bytes_read for block in blocks] == list(map(len, wanted))
    assert [block.undecodable for block in blocks] == [0, 3, 0, 0]


def test_a_part_of_a_column_ends_where_it_ends(monkeypatch):
    """What lies behind it in memory is no part of it."""
    monkeypatch.setattr(columns, "BLOCK_BYTES", 4)
    whole = pa.array(["zz", "ab", "cd", "ef", "x" * 50], pa.large_string())
    corpus = Corpus.from_rows(pa.table({"a": whole.slice(1, 3)}), min_count=1)
    assert list(corpus.sentences()) == [["ab"], ["cd"], ["ef"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_line_of_json_that_never_ends_is_not_held_in_memory(tmp_path, monkeypatch, encoding):
    monkeypatch.setattr(json_lines, "_LONGEST", 1000)
    path = tmp_path / "bomb.jsonl.gz"
    fits, ends = json.dumps({"text": "a" * 900}), json.dumps({"text": "b" * 988})  # of 1000 letters
    path.write_bytes(gzip.compress(f"{fits}\n{ends}".encode(encoding)))
    assert Corpus.from_path(path, column="text", encoding=encoding, min_count=1).n_tokens == 2
    path.write_bytes(gzip.compress(f"{fits}\n{'x' * 100_000}".encode(encoding)))
    with pytest.raises(FormatError, match=r"Line 2 of .*bomb.*longer than 1,000"):
        Corpus.from_path(path, column="text", encoding=encoding, min_count=1)


def test_rows_of_arrow_are_counted_without_reading_them(tmp_path):
    path = tmp_path / "caf\u00e9:1.arrow"
    table = pa.table({"text": ["one two", "three"] * 50})
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(str(path), table.schema, options=options) as to:
        to.write_table(table, max_chunksize=30)
    assert tables._count_rows(str(path)) == 100
    whole = path.read_bytes()
    at = whole.index(b"\x28\xb5\x2f\xfd")  # the first page: none of it is looked at to count
    path.write_bytes(whole[: at + 4] + bytes(4) + whole[at + 8 :])
    assert tables._count_rows(str(path)) == 100
