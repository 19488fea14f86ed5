"""The explorer without a browser: what the server answers and refuses, the map, the one file."""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.client
import json
import re
import socket
from urllib.parse import urlencode

import numpy as np
import pytest
from typer.testing import CliRunner

import wordkin as wk
from wordkin.cli import app
from wordkin.errors import InputError
from wordkin.explorer.places import make_places
from wordkin.explorer.shelf import Shelf
from wordkin.explorer.single import rounded

WORDS = [
    "the", "King", "king", "queen", "man", "woman", "kingdom", "working", "naïve", "<script>",
    "a\tb\nc", "well-known", "日本", "\ud800", *(f"w{i}" for i in range(86)),
]  # fmt: skip


@pytest.fixture(scope="module")
def vectors():
    matrix = np.random.default_rng(0).normal(size=(100, 8)).astype(np.float32)
    matrix[3] = matrix[2] - matrix[4] + matrix[5]
    return wk.WordVectors(WORDS, matrix, counts=np.arange(1000, 900, -1))


@pytest.fixture(scope="module")
def other():
    matrix = np.random.default_rng(1).normal(size=(60, 5))
    words = [word for word in WORDS if word.isprintable()]
    return wk.WordVectors(words[:60], matrix)


@pytest.fixture(scope="module")
def explorer(vectors, other):
    with wk.explore({"one": vectors, "two": other}, browser=False) as running:
        yield running


def ask(explorer, path, method="GET", *, body=None, **headers):
    """Send a request; return status, headers and body."""
    port = int(explorer.url.rsplit(":", 1)[1].strip("/"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body=body, headers=given)
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


def get(explorer, path, **parameters):
    """Ask for JSON that must be there."""
    status, _, body = ask(explorer, f"{path}?{urlencode(parameters, doseq=True)}")
    assert status == 200, body
    return json.loads(body)


def test_the_page_and_its_parts(explorer):
    status, headers, body = ask(explorer, "/")
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    parts = re.findall(r'(?:src|href)="([^"]+)"', body.decode())
    assert len(parts) == 10
    for part in parts:
        if part != "data:,":
            assert ask(explorer, f"/{part}")[0] == 200


def test_nothing_may_be_loaded_from_elsewhere(explorer):
    for path in ("/", "/page.js", "/about", "/nothing"):
        headers = ask(explorer, path)[1]
        policy = headers["Content-Security-Policy"].split("; ")
        assert policy[0] == "default-src 'none'"
        sources = {source for rule in policy for source in rule.split()[1:]}
        assert sources == {"'none'", "'self'", "data:"}
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert not any(name.lower().startswith("access-control") for name in headers)
    assert "http" not in re.sub(r"<!--.*?-->", "", ask(explorer, "/")[2].decode())


def test_about(explorer):
    one, two = get(explorer, "/about")["files"]
    assert one == {"name": "one", "words": 100, "dimensions": 8, "counts": True, "mapped": 100}
    assert two == {"name": "two", "words": 60, "dimensions": 5, "counts": False, "mapped": 60}


def test_neighbours_are_those_of_the_library(explorer, vectors):
    found = get(explorer, "/nearest", plus="king", n=7)
    assert found["terms"] == [{"word": "king", "row": 2, "sign": 1, "count": 998}]
    expected = vectors.most_similar("king", topn=7)
    assert [one["word"] for one in found["nearest"]] == [word for word, _ in expected]
    assert [one["cosine"] for one in found["nearest"]] == pytest.approx(
        [cosine for _, cosine in expected], abs=1e-4
    )
    assert all(WORDS[one["row"]] == one["word"] for one in found["nearest"])
    assert all(one["count"] == 1000 - one["row"] for one in found["nearest"])


def test_sums_of_words(explorer):
    found = get(explorer, "/nearest", plus=["king", "woman"], minus="man", n=1)
    assert found["nearest"][0]["word"] == "queen"
    assert [term["sign"] for term in found["terms"]] == [1, 1, -1]


def test_the_second_file_and_the_frequent_words_only(explorer, other):
    found = get(explorer, "/nearest", file=1, plus="king", top=10, n=5)["nearest"]
    assert [one["word"] for one in found] == [
        word for word, _ in other.most_similar("king", topn=5, restrict=10)
    ]
    assert max(one["row"] for one in found) < 10
    assert found[0]["count"] is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("king", ["king", "King", "kingdom", "working"]),
        ("KING", ["King", "king", "kingdom", "working"]),
        ("kin", ["King", "king", "kingdom", "working"]),
        ("ï", ["naïve"]),
        ("本", ["日本"]),
        ("<scr", ["<script>"]),
        ("b c", ["a\tb\nc"]),
        ("quene", ["queen"]),
        ("zzzzzz", []),
        ("", []),
    ],
)
def test_search(explorer, text, found):
    rows = get(explorer, "/search", q=text, n=4)["words"]
    assert [word for _, word in rows] == found
    assert [WORDS[row] for row, _ in rows] == found


def test_search_finds_what_a_plain_loop_finds():
    rng = np.random.default_rng(3)
    words = list(
        dict.fromkeys("".join(rng.choice(list("abcİ"), n)) for n in rng.integers(1, 6, 400))
    )
    shelf = Shelf("x", wk.WordVectors(words, rng.normal(size=(len(words), 2))))
    for text in ("a", "ab", "bca", "cc", "i̇", "cab"):
        kinds = (
            lambda w, t=text: w == t,
            lambda w, t=text: w.lower() == t,
            lambda w, t=text: w.lower().startswith(t),
            lambda w, t=text: t in w.lower(),
        )
        expected = list(dict.fromkeys(w for is_it in kinds for w in words if is_it(w)))
        assert [word for _, word in shelf.search(text, 1000)] == expected
        assert [word for _, word in shelf.search(text, 3)] == expected[:3]


def test_words_and_map_belong_together(explorer):
    words = get(explorer, "/words")
    assert words == WORDS
    assert get(explorer, "/words", n=3) == WORDS[:3]
    _, headers, body = ask(explorer, "/map")
    assert headers["Content-Type"] == "application/octet-stream"
    assert len(body) == 9 * len(words)
    xy = np.frombuffer(body, "<f4", 200).reshape(100, 2)
    assert np.isfinite(xy).all()
    assert np.frombuffer(body, np.uint8, 100, offset=800).max() < 8


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/nearest?plus=nothing", 404, "'nothing' is not in the vocabulary"),
        ("/nearest", 400, "Ask with 1 to 50 words"),
        ("/nearest?plus=king&n=0", 400, "n must be a whole number from 1 to 1000; got '0'"),
        ("/nearest?plus=king&n=99999", 400, "n must be"),
        ("/nearest?plus=king&n=1e3", 400, "n must be"),
        ("/nearest?plus=king&n=%D9%A3", 400, "n must be"),
        ("/nearest?plus=king&top=-4", 400, "top must be"),
        ("/nearest?plus=king&file=2", 400, "file must be a whole number from 0 to 1"),
        ("/nearest?" + "plus=king&" * 51, 400, "Ask with 1 to 50 words"),
        ("/search?q=" + "x" * 3000, 400, "2000 characters at most"),
        ("/search?" + "&".join("q" * 200), 400, "Max number of fields exceeded"),
        ("/search?q=" + "x" * 9000, 414, "8000 characters at most"),
        ("/../../etc/passwd", 404, "no such page"),
        ("/%2e%2e/%2e%2e/etc/passwd", 404, "no such page"),
        ("/..%5c..%5cpage.html", 404, "no such page"),
        ("/assets/page.js", 404, "no such page"),
        ("/page.js/", 404, "no such page"),
        ("/favicon.ico", 404, "no such page"),
    ],
)
def test_wrong_questions_are_answered_in_json(explorer, path, status, told):
    answered, headers, body = ask(explorer, path)
    assert answered == status
    assert headers["Content-Type"] == "application/json"
    assert told in json.loads(body)["error"]
    assert b"Traceback" not in body


def test_a_word_that_is_not_there_comes_with_others(explorer):
    status, _, body = ask(explorer, "/nearest?plus=quene")
    assert (status, json.loads(body)["suggestions"]) == (404, ["queen"])


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"])
def test_only_get(explorer, method):
    status, headers, body = ask(explorer, "/about", method)
    assert (status, headers["Allow"]) == (405, "GET")
    assert b"Traceback" not in body


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost:{port}"}, 200),
        ({"Host": "127.0.0.1:{port}", "Origin": "http://127.0.0.1:{port}"}, 200),
        ({"Sec_Fetch_Site": "same-origin"}, 200),
        ({"Host": "evil.example:{port}"}, 403),
        ({"Host": "127.0.0.1"}, 403),
        ({"Host": "127.0.0.1:1"}, 403),
        ({"Host": "127.0.0.1:{port}.evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:{port}"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Content_Length": "5"}, 413),
        ({"Transfer_Encoding": "chunked"}, 413),
    ],
)
def test_only_its_own_page_is_answered(explorer, headers, status):
    port = explorer.url.rsplit(":", 1)[1].strip("/")
    given = {name: value.format(port=port) for name, value in headers.items()}
    answered, _, body = ask(explorer, "/words", **given)
    assert answered == status
    assert (b"queen" in body) == (status == 200)


def test_a_link_from_elsewhere_opens_the_page_and_nothing_else(explorer):
    linked = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Dest": "document"}
    assert ask(explorer, "/", **linked)[0] == 200
    assert ask(explorer, "/words", **linked)[0] == 403
    assert ask(explorer, "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Dest="iframe")[0] == 403


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
        (b"GET / HTTP/9.9\r\n\r\n", b"505"),
        (b"GET http://[ HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", b"431"),
    ],
)
def test_broken_requests(explorer, sent, status):
    port = int(explorer.url.rsplit(":", 1)[1].strip("/"))
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent.replace(b"HOST", b"127.0.0.1:%d" % port))
        answer = b""
        while more := connection.recv(65536):
            answer += more
    assert status in answer.split(b"\r\n")[0]
    assert b"Traceback" not in answer
    json.loads(answer.split(b"\r\n\r\n", 1)[1])


def test_it_listens_on_the_loopback_address_only(explorer):
    assert explorer._server.socket.getsockname()[0] == "127.0.0.1"


def test_a_port_that_is_taken(explorer, vectors):
    port = int(explorer.url.rsplit(":", 1)[1].strip("/"))
    with pytest.raises(wk.WordkinError, match=f"Can't listen on port {port}"):
        wk.explore(vectors, port=port, browser=False)


def test_words_made_of_n_grams():
    class Made:
        matrix = np.zeros((1, 2), np.float32)

        def vector(self, word):
            return np.array([1, 1], np.float32)

    table = wk.VectorTable(wk.Vocabulary(["a", "b"]), np.eye(2, dtype=np.float32), {}, Made())
    found = Shelf("x", wk.WordVectors.from_table(table)).nearest(["new"], [], n=2)
    assert found["terms"][0]["row"] is None
    assert [one["cosine"] for one in found["nearest"]] == pytest.approx([0.7071, 0.7071])


# --- the map ---


def test_principal_components_are_those_of_a_plain_svd():
    rng = np.random.default_rng(5)
    matrix = (rng.normal(size=(500, 12)) * np.arange(12, 0, -1)).astype(np.float32)
    units = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    left, lengths, _ = np.linalg.svd(units - units.mean(axis=0), full_matrices=False)
    expected = left[:, :2] * lengths[:2]
    xy = make_places(matrix).xy
    for axis in range(2):
        assert abs(np.corrcoef(xy[:, axis], expected[:, axis])[0, 1]) > 0.9999
    # one scale for both, so that distances on the page are distances
    ratio = xy.std(axis=0) / expected.std(axis=0)
    assert ratio[0] == pytest.approx(ratio[1], rel=1e-3)


@pytest.mark.parametrize("shape", [(1, 3), (2, 1), (3, 1), (5, 2)])
def test_small_and_degenerate_maps(shape):
    for matrix in (np.zeros(shape), np.ones(shape), np.arange(np.prod(shape)).reshape(shape)):
        places = make_places(matrix.astype(np.float32))
        assert places.xy.shape == (shape[0], 2)
        assert np.isfinite(places.xy).all()


def test_colours_are_clusters_and_the_same_each_time():
    rng = np.random.default_rng(2)
    heaps = np.repeat(np.eye(4, dtype=np.float32), 50, axis=0)
    matrix = heaps + rng.normal(0, 0.05, heaps.shape).astype(np.float32)
    places = make_places(matrix, seed=3)
    groups = [set(places.colours[i : i + 50].tolist()) for i in range(0, 200, 50)]
    assert sum(len(group) for group in groups) == len(set.union(*groups))  # none in two heaps
    again = make_places(matrix, seed=3)
    assert (again.colours == places.colours).all()
    assert (again.xy == places.xy).all()


def test_tsne(vectors):
    pytest.importorskip("sklearn")
    places = make_places(vectors.vectors[:30], method="tsne")
    assert places.xy.shape == (30, 2)
    assert places.told.startswith("t-SNE")


# --- one file ---


def section(page, name):
    """Unpack a part of a page, as the page itself does."""
    text = re.search(rf'<script type="text/plain" id="{name}">(.*?)</script>', page).group(1)
    return gzip.decompress(base64.b64decode(text))


@pytest.fixture(scope="module")
def page(vectors, other, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    assert wk.explore({"<b>one": vectors, "two": other}, output=path, words=80) == path
    return path.read_text("utf-8")


def test_the_file_holds_what_it_says(page, vectors):
    about = json.loads(section(page, "about-0"))
    assert (about["words"], about["held"], about["name"]) == (100, 80, "<b>one")
    assert json.loads(section(page, "words-0")) == WORDS[:80]
    held = np.frombuffer(section(page, "vectors-0"), np.int8).reshape(80, 8).astype(float)
    cosines = (held * vectors.vectors[:80]).sum(axis=1)
    cosines /= np.linalg.norm(held, axis=1) * np.linalg.norm(vectors.vectors[:80], axis=1)
    assert cosines.min() > 0.9999
    assert np.frombuffer(section(page, "counts-0")).tolist() == list(range(1000, 920, -1))
    assert np.frombuffer(section(page, "places-0"), "<i2").reshape(80, 2).max() <= 32767
    assert len(section(page, "colours-1")) == 60
    assert "counts-1" not in page


def test_the_file_runs_only_its_own_script(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "connect-src" not in policy
    for kind, pattern in (("script", "<script>(.*?)</script>"), ("style", "<style>(.*?)</style>")):
        (text,) = re.findall(pattern, page, flags=re.S)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "<title>&lt;b&gt;one and two</title>" in page
    assert "<script src" not in page


def test_a_page_too_large_for_a_browser(tmp_path):
    matrix = np.zeros((60_000, 300), np.float32)
    vectors = wk.WordVectors([str(i) for i in range(60_000)], matrix)
    wide = {str(i): vectors for i in range(2)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wordkin.explorer.single._LARGEST", 30_000_000)
        with pytest.raises(wk.WordkinError, match="Give fewer words"):
            wk.explore(wide, output=tmp_path / "a.html", words=60_000)
    assert not list(tmp_path.iterdir())


def test_rounding_keeps_zero_rows_and_extremes():
    matrix = np.array([[0, 0], [3e38, -3e38], [1e-38, 0]], np.float32)
    assert rounded(matrix).tolist() == [[0, 0], [127, -127], [127, 0]]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"method": "magic"}, "pca, tsne, umap"),
        ({"words": 0}, "words must be"),
        ({"port": 70000}, "port 70000"),
        ({"port": "8000"}, "port must be"),
        ({"seed": -1}, "seed must be"),
    ],
)
def test_wrong_settings(vectors, settings, told):
    with pytest.raises(wk.WordkinError, match=told):
        wk.explore(vectors, browser=False, **settings)


def test_three_are_too_many(vectors):
    with pytest.raises(wk.WordkinError, match="one set of vectors or two; got 3"):
        wk.explore(dict.fromkeys("abc", vectors))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("vectors.bin", "explorer shows WordVectors.*'vectors.bin'"),
        ({"a": None}, "explorer shows WordVectors.*'a': None"),
        ({1: wk.WordVectors(["a"], [[1]])}, "explorer shows WordVectors.*1: <WordVectors"),
        (wk.WordVectors([], np.zeros((0, 3))), "no words in 'vectors'"),
    ],
    ids=["path", "none", "number", "empty"],
)
def test_what_can_not_be_looked_at_is_refused_before_a_server_runs(tmp_path, given, told):
    for output in (None, tmp_path / "page.html"):
        with pytest.raises(InputError, match=told):
            wk.explore(given, output=output, browser=False)
    assert not list(tmp_path.iterdir())


def test_on_the_port_of_the_web_browsers_leave_it_out(vectors, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setattr(http.client, "HTTP_PORT", port)
    with wk.explore(vectors, port=port, browser=False) as running:
        for host in ("127.0.0.1", "localhost"):
            origin = f"http://{host}"
            assert ask(running, "/about", Host=host, Origin=origin)[0] == 200
        assert ask(running, "/about", Host="example.org")[0] == 403


# --- the command ---


def call(*arguments):
    """Run a command; return its exit code, what it printed, and what it told beside."""
    result = CliRunner().invoke(app._make_app(), [*map(str, arguments)], prog_name="wordkin")
    return result.exit_code, result.stdout, result.stderr


def test_the_command_writes_a_file(other, tmp_path):
    other.save(tmp_path / "v.safetensors")
    out = tmp_path / "page.html"
    code, printed, _ = call("explore", tmp_path / "v.safetensors", "-o", out, "--words", "20")
    assert code == 0
    assert re.fullmatch(re.escape(str(out)) + r" \(\d+\.\d kB\)\n", printed)
    assert '<script type="text/plain" id="words-0">' in out.read_text("utf-8")


def test_the_command_serves_until_ctrl_c(other, tmp_path, monkeypatch):
    other.save(tmp_path / "v.safetensors")
    seen = []

    def interrupt(explorer):
        seen.extend(get(explorer, "/about")["files"])
        raise KeyboardInterrupt

    monkeypatch.setattr("wordkin.explorer.Explorer.wait", interrupt)
    code, printed, told = call(
        "explore", tmp_path / "v.safetensors", tmp_path / "v.safetensors", "--no-browser"
    )
    assert code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\n", printed)
    assert "Ended." in told
    assert [one["words"] for one in seen] == [60, 60]


def test_the_command_refuses_before_it_works(other, tmp_path):
    other.save(tmp_path / "v.safetensors")
    file = tmp_path / "v.safetensors"
    assert call("explore", file, "-o", file)[0] == 1
    assert call("explore", file, "-o", tmp_path / "none" / "a.html")[0] == 1
    assert call("explore", tmp_path / "none.txt")[0] == 1
