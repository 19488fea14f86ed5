"""The demo corpus: what is collected, what is left out, and that nothing is imported."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

import pytest

from wordkin.datasets import documentation_corpus
from wordkin.datasets.prose import english
from wordkin.errors import ConfigError, InputError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of installed packages, first on the path."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def write(root: Path, name: str, source: str | bytes) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source.encode() if isinstance(source, str) else source)


MODULE = '''
"""A module that would end the process if somebody imported it."""
raise SystemExit("imported")

class Shop:
    """A shop sells things to people who pay."""
    if True:
        def open(self):
            """Open the door of the shop for everybody."""
            async def inner():
                """The inner function has its own docstring here."""
    @property
    def closed(self):
        """Short one."""
'''


def test_docstrings_of_modules_classes_and_functions_wherever_they_stand(installed: Path) -> None:
    write(installed, "wk_shop/__init__.py", MODULE)
    found = documentation_corpus(["wk_shop"])
    assert [d.text for d in found] == [
        "A module that would end the process if somebody imported it.",
        "A shop sells things to people who pay.",
        "Open the door of the shop for everybody.",
        "The inner function has its own docstring here.",
    ]
    assert {d.label for d in found} == {"wk_shop"}
    assert {d.source for d in found} == {"wk_shop/__init__.py"}
    assert found.words == sum(len(d.text.split()) for d in found)
    assert found.counts["wk_shop"].docstrings == len(found) == 4
    assert "wk_shop" not in sys.modules


def test_texts_attached_by_calls_are_found_as_numpy_has_them(installed: Path) -> None:
    write(
        installed,
        "wk_new.py",
        'add_newdoc("m", "f", """Give back the greatest of all values.""")\n'
        'other("""This is not the documentation of anything.""")\n'
        'x.y("""Nor is this one here the documentation.""")\n'
        'a[0] = """Nor is this one here documentation."""\n',
    )
    assert [d.text for d in documentation_corpus(["wk_new"])] == [
        "Give back the greatest of all values."
    ]


def test_tests_vendored_copies_and_metadata_are_passed_over(installed: Path) -> None:
    docstring = '"""This text must not be found by anybody."""'
    for name in (
        "wk_p/tests/helper.py",
        "wk_p/_vendor/six.py",
        "wk_p/test_it.py",
        "wk_p/it_test.py",
        "wk_p/conftest.py",
        "wk_p/data.txt",
        "wk_p/not-a-package/x.py",
        "wk_p-1.0.dist-info/x.py",
    ):
        write(installed, name, docstring)
    found = documentation_corpus(["wk_p", "wk_p-1.0.dist-info"])
    assert (len(found), found.files) == (0, 0)


def test_what_cannot_be_parsed_is_counted_and_warnings_stay_silent(installed: Path) -> None:
    write(installed, "wk_bad/a.py", '"""Python two only, and no other."""\nprint "x"\n')
    write(installed, "wk_bad/b.py", b'"""A byte that is \xff no UTF-8."""')
    write(installed, "wk_bad/c.py", b'# coding: latin-1\n"""A caf\xe9 is where we drink it."""')
    write(installed, "wk_bad/d.py", b'"""A null byte \0 is not allowed here."""')
    write(installed, "wk_bad/e.py", '"""An invalid \\d escape is only a warning."""\nx = 1 is 1\n')
    write(installed, "wk_bad/f.py", "x = 1  # no docstring in this one\n")
    enabled = gc.isenabled()
    found = documentation_corpus(["wk_bad"])
    assert found.unreadable == 3
    assert [d.text for d in found] == [
        "A café is where we drink it.",
        "An invalid \\d escape is only a warning.",
    ]
    assert gc.isenabled() == enabled


def test_a_repeated_paragraph_is_kept_once(installed: Path) -> None:
    write(installed, "wk_a.py", '"""The same words again and again.\n\nBut this is new in here."""')
    write(installed, "wk_b.py", '"""The same words again and again."""')
    found = documentation_corpus(["wk_a", "wk_b"])
    assert list(found.paragraphs()) == [
        "The same words again and again.",
        "But this is new in here.",
    ]
    assert found.repeated == 1
    assert found.counts["wk_b"].words == 0


def test_one_name_is_no_list_of_letters(installed: Path) -> None:
    write(installed, "wk_one/__init__.py", '"""One module with a docstring of its own."""')
    with pytest.raises(InputError, match=r"Expected a list; got 'wk_one'"):
        documentation_corpus("wk_one")


@pytest.mark.parametrize("bound", ["max_bytes", "max_package_bytes"])
def test_a_bound_of_nothing_is_refused(bound: str) -> None:
    with pytest.raises(ConfigError, match=f"{bound} must be a whole number from 1"):
        documentation_corpus(["json"], **{bound: 0})


def test_names_that_are_no_files_are_passed_over(installed: Path) -> None:
    write(installed, "wk_odd/good.py", '"""One module with a docstring of its own."""')
    # so an editor locks what it edits
    (installed / "wk_odd" / ".#good.py").symlink_to("user@machine.4711")
    (installed / "wk_gone.py").symlink_to("nowhere.py")
    found = documentation_corpus(["wk_odd", "wk_gone"])
    assert [d.source for d in found] == ["wk_odd/good.py"]
    assert (found.files, found.unreadable) == (1, 0)


def test_big_packages_are_thinned_evenly_and_the_order_is_fixed(installed: Path) -> None:
    for i in range(20):
        write(
            installed, f"wk_big/m{i:02}.py", f'"""Module with the number {"x" * (i + 1)} in it."""'
        )
    size = sum(p.stat().st_size for p in (installed / "wk_big").iterdir())
    every = documentation_corpus(["wk_big"])
    assert every.thinned == 0
    assert [d.source for d in every] == [f"wk_big/m{i:02}.py" for i in range(20)]
    for bound in ({"max_package_bytes": size // 2}, {"max_bytes": size // 2}):
        half = documentation_corpus(["wk_big"], **bound)
        assert half.thinned in (10, 13)
        assert half.docstrings == every.docstrings[:: 20 // len(half)][: len(half)]


def test_the_real_thing_is_english_in_order_and_the_same_twice() -> None:
    labels = ["json", "email", "pydoc_data", "numpy"]
    found = documentation_corpus(labels)
    assert list(found.counts) == sorted(labels)
    assert found.words > 50_000
    assert found.docstrings == documentation_corpus(labels).docstrings
    assert found.unreadable == 0
    text = " ".join(found.paragraphs())
    assert ">>>" not in text
    assert "`" not in text
    assert "import statement" in text  # from the language reference
    assert text.count(" the ") > 0.03 * found.words
    assert len(set(found.paragraphs())) == len(list(found.paragraphs()))


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("", ""),
        ("Too short.", ""),
        ("One line with enough words.", "One line with enough words."),
        ("Two lines\n    are joined to one.", "Two lines are joined to one."),
        ("Five words stand up here:\n\n>>> f(1)\n2\n3\n\nAnd five words stand here.", None),
        ("Five words stand up here::\n\n    code = here(1)\n\n    more code here now always\n\n"
         "And five words stand here.", None),
        ("Five words stand up here:\n```python\ncode in here is no prose\n```\n"
         "\nAnd five words stand here.", None),
        ("Five words stand up here:\n\nSome Title of Four Words\n------------------------\n"
         "And five words stand here.", None),
        ("Five words stand up here:\n\n.. math:: this is not any prose\n   nor is this one here\n\n"
         "And five words stand here.", None),
        ("Five words stand up here:\n\nx : array_like of the same shape\n"
         "    And five words stand here.", None),
        ("- Five words stand up here:\n- And five words stand here.", None),
        ("Five words stand up here:\n\n1  2.5  3.5\nx_1 = y_2 + 3 * z[4]\n"
         "And five words stand here.", None),
        ("See :func:`spam`, `eggs` and **more** of [1]_ ``this``.",
         "See spam, eggs and more of this."),
        (":param x: a value of this sort", "a value of this sort"),
        ("Read [the guide to it](https://x.org/a_b) and https://x.org/c now.",
         "Read the guide to it and now."),
        ("Ein Text über schöne Wörter.", "Ein Text über schöne Wörter."),
    ],
)  # fmt: skip
def test_english(docstring: str, expected: str | None) -> None:
    if expected is None:
        expected = "Five words stand up here:\nAnd five words stand here."
    assert english(docstring) == expected


def test_cleaning_takes_linear_time_on_hostile_lines() -> None:
    # regular expressions that try again and again would need years for these
    for hostile in ("a_" * 20_000 + "!", "x, " * 20_000 + "!", "[" * 20_000, " " * 20_000 + "::"):
        english(hostile)
        english("\n\n".join([hostile] * 3))
