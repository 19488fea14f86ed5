"""Parts of mail and news come off, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordkin.errors import InputError
from wordkin.text.mail import strip_parts, without_footer, without_headers, without_quotes

POST = """From: ann@a.org (Ann)
Newsgroups: rec.motorcycles,
\trec.autos
Subject: Re: Bikes

In article <123@x.org> bob@x.org (Bob) writes:
>It runs.
> > Does it?
BW>> Yes.
It does: I said so.
Note: no header.

-- \nAnn Other      ann@a.org
"""


def test_each_part_comes_off_by_itself():
    body = strip_parts(POST, ["headers"])
    assert body.startswith("In article")
    assert strip_parts(POST, ["until-blank"]) == "\n\n" + body
    assert strip_parts(POST, ["quotes"]).count(">") == 0
    assert "Newsgroups: rec.motorcycles" in strip_parts(POST, ["quotes", "footers"])
    assert "Ann Other" not in strip_parts(POST, ["footers"])
    assert strip_parts(POST, []) == POST


def test_all_parts_leave_what_was_written_whatever_their_order():
    expected = "It does: I said so.\nNote: no header."
    for parts in (["headers", "quotes", "footers"], ["footers", "quotes", "headers"]):
        assert strip_parts(POST, parts).strip() == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\nbody",
        "Dear Ann:\nhow are you?\n\nBob",
        "one line",
        "No headers here\n\nAt: all",
        "Ann\nNote: it runs.\n\nBob",
    ],
)
def test_a_text_without_headers_stays(text):
    assert without_headers(text) == text


def test_headers_of_a_mailbox_and_headers_alone():
    assert without_headers("From ann Mon Apr 5\nSubject: a\n\nbody") == "body"
    assert without_headers("Subject: a\nLines: 0") == ""


@pytest.mark.parametrize(
    "line", ["a > b", "x = 1; }", "He says so", "In article 5 of the constitution", "| a table|x"]
)
def test_lines_that_only_look_like_quotes_stay(line):
    assert line.startswith("|") or without_quotes(line) == line


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Text.\n\nMore text without an address.", "Text.\n\nMore text without an address."),
        ("Text.\n\n=====\n Ann \n=====", "Text."),
        ("Text.\n" + "line\n" * 30 + "\nann@a.org", "Text.\n" + "line\n" * 29 + "line"),
        ("mail me at ann@a.org", "mail me at ann@a.org"),
        ("---", "---"),
    ],
)
def test_signatures(text, left):
    assert without_footer(text) == left


@pytest.mark.parametrize("begin", ["--", "\n"])
def test_a_signature_is_among_the_last_twelve_lines(begin):
    lines = [f"line {i}" for i in range(11)]
    twelve = "\n".join(["Text.", begin.strip(), *lines[:10], "ann@a.org"])
    assert without_footer(twelve) == "Text."
    thirteen = "\n".join(["Text.", begin.strip(), *lines, "ann@a.org"])
    assert without_footer(thirteen) == thirteen


def test_a_field_that_goes_on_is_one_with_a_blank_or_a_tab_in_front():
    for blank in " \t":
        assert without_headers(f"To: ann,\n{blank}bob and others\n\nbody") == "body"
    text = "To: ann,\nbob and others\n\nbody"
    assert without_headers(text) == text
    assert without_headers(" a: b\n\nbody") == " a: b\n\nbody"


def test_an_unknown_part_is_refused():
    with pytest.raises(InputError, match=r"'header'.*'headers'"):
        strip_parts("", ["header"])


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab:>-@. \n", max_size=80))
def test_what_comes_off_leaves_lines_of_the_text(text):
    for part in ("headers", "quotes", "footers", "until-blank"):
        left = strip_parts(text, [part])
        lines = iter(text.split("\n"))
        # the lines that are left come in their order; the end of the last may be cut
        assert all(any(line.rstrip() == other.rstrip() for other in lines)
                   for line in left.rstrip().split("\n") if line)  # fmt: skip
