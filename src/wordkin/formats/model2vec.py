"""Folders of model2vec, and of StaticEmbedding in sentence-transformers.

``model.safetensors`` holds a row for each token, ``tokenizer.json`` (of the tokenizers package) the
tokens and how text is cut into them. The vector of a text is the mean of its tokens' rows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import FormatError, InputError
from wordkin.files import atomic_folder
from wordkin.formats.binary import ByteReader
from wordkin.formats.rows import naming, words_to_write
from wordkin.formats.tensors import Header, map_array, read_array, read_header, write_arrays
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import NDArray

_TENSORS, _TOKENS = "model.safetensors", "tokenizer.json"
_ROWS = ("embeddings", "embedding.weight")  # model2vec, sentence-transformers
_FOLDERS = (".", "0_StaticEmbedding", "0_WordEmbeddings")
_STATIC = "sentence_transformers.models.StaticEmbedding"


def looks_like_folder(path: Path) -> bool:
    """Tell whether a folder holds a static embedding.

    Parameters
    ----------
    path : Path
        The folder.

    Returns
    -------
    bool
        True if it does.
    """
    return _inner(path) is not None


def looks_like(head: bytes) -> bool:
    """Tell from its first bytes whether a file is the ``model.safetensors`` of such a folder.

    Parameters
    ----------
    head : bytes
        The first bytes, as many as the header has.

    Returns
    -------
    bool
        True if it is.
    """
    header = head[8 : 8 + min(int.from_bytes(head[:8], "little"), 1 << 16)]
    named = any(f'"{name}"'.encode() in header for name in _ROWS)
    return header[:1] == b"{" and named and b'"wordkin"' not in header


def _inner(path: Path) -> Path | None:
    for name in _FOLDERS:
        folder = path / name
        if (folder / _TENSORS).is_file() and (folder / _TOKENS).is_file():
            return folder
    return None


def read(path: str | os.PathLike[str]) -> VectorTable:
    """Read a static embedding.

    Parameters
    ----------
    path : str or path-like
        The folder, or the ``model.safetensors`` in it.

    Returns
    -------
    VectorTable
        The tokens, pieces of words and special ones included, in the order of their numbers.
        Weights are multiplied in. How the tokenizer cuts text is left out.

    Raises
    ------
    FileError
        If a file is missing or can't be read.
    FormatError
        If a file is damaged, or they don't fit together.
    """
    given = Path(path)
    folder = _inner(given if given.is_dir() else given.parent)
    if folder is None:
        raise FormatError(f"{str(path)!r} needs {_TENSORS!r} and {_TOKENS!r} in one folder.")
    tokens, unknown = _tokens(folder / _TOKENS)
    with naming(folder / _TENSORS), (folder / _TENSORS).open("rb") as file:
        header = read_header(file)
        matrix = _matrix(file, header, len(tokens))
        ids = [number for number in sorted(tokens) if number < len(matrix)]
        if len(ids) != len(tokens):
            raise FormatError(f"There are {len(matrix)} rows, but tokens have numbers up to "
                              f"{max(tokens)}.")  # fmt: skip
        # the row that we write for unknown words is no word
        with np.errstate(invalid="ignore"):  # NaN is refused when the table is made
            if unknown in tokens and not matrix[unknown].any():
                ids.remove(unknown)
        rows = matrix if len(ids) == len(matrix) else matrix[ids]
        settings = {"format": "model2vec", "unread": len(matrix) - len(ids)}
        words = Vocabulary([tokens[number] for number in ids])
        return VectorTable.from_arrays(words, rows, settings=settings)


def _matrix(file: Any, header: Header, n_tokens: int) -> NDArray[Any]:  # noqa: ANN401
    """Give each token its row: through the mapping, if there is one, and times its weight."""
    name = next((name for name in _ROWS if name in header.tensors), None)
    arrays = {}
    for key in (name or _ROWS[0], "weights", "mapping"):
        tensor = header.tensors.get(key)
        if tensor is None:
            continue
        if tensor.dtype not in ("F16", "F32", "F64", "I8", "I32", "I64"):
            raise FormatError(f"{key!r} has numbers of type {tensor.dtype}, which can't be read.")
        arrays[key] = read_array(file, tensor) if key != name else map_array(file, tensor)
    if name is None or arrays[name].ndim != 2 or 0 in arrays[name].shape:
        raise FormatError(f"There is no matrix {' or '.join(map(repr, _ROWS))}.")
    matrix: NDArray[Any] = arrays[name]
    if "mapping" in arrays:
        places = arrays["mapping"]
        if places.ndim != 1 or places.dtype.kind != "i" or len(places) < n_tokens:
            raise FormatError(f"'mapping' should give a row for each of {n_tokens} tokens.")
        if len(places) and not (places.min() >= 0 and places.max() < len(matrix)):
            raise FormatError(f"'mapping' names rows beyond the {len(matrix)} there are.")
        matrix = matrix[places]
    if "weights" in arrays:
        weights = arrays["weights"]
        if weights.shape != (len(matrix),) or weights.dtype.kind != "f":
            raise FormatError(f"'weights' should have {len(matrix)} numbers.")
        with np.errstate(over="ignore", invalid="ignore"):  # refused when the table is made
            matrix = matrix * weights[:, None]
    return matrix


def _tokens(path: Path) -> tuple[dict[int, str], int | None]:
    """Read the tokens by number, and the number of the one for unknown words."""
    with naming(path), ByteReader(path) as file:
        try:
            about = json.loads(file.read(file.size, "JSON").decode("utf-8"))
            model = about["model"]
            listed = model["vocab"]
            pairs = (
                list(listed.items())
                if isinstance(listed, dict)
                else [(entry[0], number) for number, entry in enumerate(listed)]
            )
            added = about.get("added_tokens") or []
            pairs += [(entry["content"], entry["id"]) for entry in added]
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as e:
            raise FormatError(f"This is no tokenizer.json with a list of tokens: {e!r:.80}.") from e
        tokens: dict[int, str] = {}
        for token, number in pairs:
            if not isinstance(token, str) or type(number) is not int or number < 0:
                raise FormatError(f"The token {token!r:.40} has the number {number!r:.40}.")
            if tokens.setdefault(number, token) != token:
                raise FormatError(f"Two tokens have the number {number}: {token!r:.40}.")
        if len(set(tokens.values())) != len(tokens):
            raise FormatError("A token comes twice.")
        if not tokens:
            raise FormatError("There are no tokens.")
        unknown = model.get("unk_id")
        if isinstance(model.get("unk_token"), str):
            unknown = next((n for n, text in tokens.items() if text == model["unk_token"]), None)
        return tokens, unknown if type(unknown) is int else None


# --- writing -------------------------------------------------------------------------------------


def write(table: VectorTable, path: str | os.PathLike[str]) -> None:
    """Write a folder that ``model2vec.StaticModel`` and ``SentenceTransformer`` open.

    Text is cut as the table's tokenizer cuts it: ``"words"`` or white space. Without a tokenizer it
    is cut at white space alone, where `Vocabulary.encode` also looks for words beside punctuation;
    give the vocabulary ``"words"`` for that (`Vocabulary.with_tokenizer`). Unknown words get a row
    of zeros: model2vec leaves them out of the mean; sentence-transformers counts them, which
    changes the length of a text's vector and not its direction.

    Parameters
    ----------
    table : VectorTable
        The vectors. Counts, settings and rows of n-grams have no place in this format.
    path : str or path-like
        The folder to make.

    Raises
    ------
    InputError
        If a value is not finite, there are no words, one can't be UTF-8, or its tokenizer can't be
        written.
    FileError
        If the folder can't be written.
    """
    words_to_write(table)  # as JSON, but what can't be written is found before
    unknown = "[UNK]"
    while unknown in table.vocabulary:
        unknown = f"[{unknown}]"
    tokenizer = _tokenizer(table, unknown)
    zeros = np.zeros((1, table.dimensions), np.float32)
    config = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "hidden_dim": table.dimensions,
        "seq_length": 1_000_000,
        "normalize": False,
        "embedding_dtype": "float32",
    }
    modules = [{"idx": 0, "name": "0", "path": ".", "type": _STATIC}]
    with atomic_folder(path) as folder:
        with (folder / _TENSORS).open("wb") as file:
            write_arrays(file, {_ROWS[0]: np.concatenate([table.matrix, zeros])}, {})
        for name, value in (
            (_TOKENS, tokenizer),
            ("config.json", config),
            ("modules.json", modules),
        ):
            (folder / name).write_text(json.dumps(value), encoding="utf-8")


def _tokenizer(table: VectorTable, unknown: str) -> dict[str, Any]:
    """Describe our tokenizer in the terms of the tokenizers package."""
    tokenizer = table.vocabulary.tokenizer
    settings = {"name": "whitespace"} if tokenizer is None else tokenizer.settings()
    normalizer, cut = _rules(settings)
    vocab = {word: number for number, word in enumerate([*table.vocabulary.words, unknown])}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": normalizer,
        "pre_tokenizer": cut,
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocab, "unk_token": unknown},
    }


def _normalizers(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say in the same order what wordkin.text.words does to a text before it is cut."""
    steps = [_replacing("\N{SOFT HYPHEN}", ""), _replacing("\N{RIGHT SINGLE QUOTATION MARK}", "'")]
    if settings.get("normalize"):
        steps.append({"type": settings["normalize"]})
    if settings.get("lower") == "tr":
        steps += [_replacing("I\u0307", "i"), _replacing("İ", "i"), _replacing("I", "ı")]
    if settings.get("lower", True):
        # their lower case looks at single letters; str.lower knows a sigma at the end of a word
        final = r"(?<=[\p{L}\p{M}])Σ(?!['\p{M}\x{200C}\x{200D}]*\p{L})"
        steps.append({"type": "Replace", "pattern": {"Regex": final}, "content": "ς"})
        steps.append({"type": "Lowercase"})
    return steps


def _replacing(old: str, new: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": {"String": old}, "content": new}


def _rules(settings: Mapping[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    name = settings.get("name")
    if name == "whitespace":
        return None, {"type": "WhitespaceSplit"}
    if name != "words":
        raise InputError(
            f"The tokenizer {name!r} can't be written for model2vec; 'words' and 'whitespace' can. "
            "Give the vocabulary one of them by with_tokenizer."
        )
    normalizer = {"type": "Sequence", "normalizers": _normalizers(settings)}
    # the expression of wordkin.text.patterns in the words of the Oniguruma library
    letter = r"[\p{L}\p{Nl}\p{No}]"
    part = r"[\p{L}\p{N}]" if settings.get("digits", True) else letter
    pattern = (
        rf"{part}+(?:\p{{M}}+{part}*|(?<!\p{{Nd}})['\x{{200C}}\x{{200D}}](?={letter}){part}+)*"
    )
    cut = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Removed", "invert": True}
    return normalizer, cut
