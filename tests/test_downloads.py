"""Downloads, against a server on this machine that behaves as badly as servers do."""

from __future__ import annotations

import errno
import hashlib
import http.client
import ssl
import sys
import threading
import urllib.error
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest

from wordkin import downloads
from wordkin.downloads import Resource, registry, transfer
from wordkin.errors import FileError, InputError

DATA = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(DATA).hexdigest()


class Server(BaseHTTPRequestHandler):
    """What is done depends on the path: /breaks/3 hangs up three times, and so on."""

    breaks = 0
    requests: ClassVar[list[tuple[str, str | None]]]

    def do_GET(self):
        wanted = self.headers.get("Range")
        self.requests.append((self.path, wanted))
        kind = self.path.split("/")[1]
        getattr(self, f"send_{kind}")(wanted)

    def send_data(self, wanted, data=DATA, kind="application/zip", tag='"1"', *, measured=True):
        start = int(wanted[6:-1]) if wanted and self.headers["If-Range"] == tag else 0
        if start >= len(data) and start:
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Type", kind)
        if measured:
            self.send_header("Content-Length", str(len(data) - start))
        if tag:
            self.send_header("ETag", tag)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        stop = len(data)
        if type(self).breaks:
            type(self).breaks -= 1
            stop = start + (len(data) - start) // 2
        self.wfile.write(data[start:stop])

    def send_untagged(self, wanted):
        self.send_data(wanted, tag="")

    def send_unmeasured(self, wanted):
        self.send_data(wanted, measured=False)

    def send_page(self, wanted):
        self.send_data(wanted, b"<html>Sign in first</html>", "text/html; charset=utf-8")

    def send_hiddenpage(self, wanted):
        self.send_data(wanted, b"\n<!DOCTYPE html><html></html>")

    def send_wrong(self, wanted):
        self.send_data(wanted, DATA[::-1])

    def send_short(self, wanted):
        self.send_data(wanted, DATA[:100])

    def send_missing(self, _):
        self.send_error(404)

    def send_moved(self, _):
        self.send_response(302)
        self.send_header("Location", "file:///etc/passwd")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    class Mine(Server):
        requests: ClassVar[list] = []

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Mine)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("WORDKIN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("WORDKIN_OFFLINE", raising=False)
    monkeypatch.setattr(transfer, "_FIRST_WAIT", 0.001)
    Mine.address = f"http://127.0.0.1:{httpd.server_port}/"
    yield Mine
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def resource(server, *kinds, **known) -> Resource:
    return Resource(
        name="made-up",
        what="bytes",
        addresses=tuple(server.address + kind for kind in kinds),
        file_name="data.zip",
        licence="none",
        citation="none",
        **known,
    )


def files(tmp_path):
    return sorted(path.name for path in (tmp_path / "home").iterdir())


def test_a_file_is_fetched_once_and_checked(server, tmp_path):
    seen = []
    known = resource(server, "data", n_bytes=len(DATA), sha256=SHA256)
    path = downloads.download(known, progress=lambda *numbers: seen.append(numbers))
    assert path == tmp_path / "home" / "data.zip"
    assert path.read_bytes() == DATA
    assert seen[0] == (0, len(DATA))
    assert seen[-1] == (len(DATA), len(DATA))
    assert files(tmp_path) == ["data.zip"]
    assert downloads.download(known) == path
    assert len(server.requests) == 1


def test_a_break_is_resumed_where_it_happened(server, tmp_path):
    server.breaks = 3
    path = downloads.download(resource(server, "data", sha256=SHA256))
    assert path.read_bytes() == DATA
    half, rest = len(DATA) // 2, len(DATA) - len(DATA) // 2
    expected = [None, f"bytes={half}-", f"bytes={half + rest // 2}-"]
    assert [wanted for _, wanted in server.requests[:3]] == expected
    assert files(tmp_path) == ["data.zip"]


@pytest.mark.parametrize("kind", ["data", "unmeasured"])
def test_every_error_of_the_network_is_a_break(server, monkeypatch, kind):
    """Not the end of the file, also where nothing tells how long it is."""
    read1 = http.client.HTTPResponse.read1
    # neither is a ConnectionError, and neither has to do with our disk
    errors = [ssl.SSLError(1, "bad record"), OSError(errno.EHOSTUNREACH, "No route to host")]

    def breaking(answer, n=-1):
        if errors:
            raise errors.pop()
        return read1(answer, n)

    monkeypatch.setattr(http.client.HTTPResponse, "read1", breaking)
    assert downloads.download(resource(server, kind)).read_bytes() == DATA


@pytest.mark.parametrize("look", [1, 2])
def test_a_lock_that_vanishes_while_it_is_looked_at(tmp_path, monkeypatch, look):
    looks, stat = [], Path.stat

    def vanishing(path, **settings):
        if path.name == "data.zip.part.lock":
            looks.append(path)
            if len(looks) == look:
                path.unlink()
        return stat(path, **settings)

    monkeypatch.setattr(Path, "stat", vanishing)
    with transfer.Part(tmp_path / "data.zip").alone():
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_came_is_kept_for_the_next_time(server, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "_TRIES", 1)
    server.breaks = 1
    with pytest.raises(FileError, match=r"broke after 512,000 bytes.*kept"):
        downloads.download(resource(server, "data"))
    assert files(tmp_path) == ["data.zip.part", "data.zip.part.json"]
    assert downloads.download(resource(server, "data")).read_bytes() == DATA
    assert server.requests[-1] == ("/data", "bytes=512000-")


def test_without_a_mark_of_the_version_it_starts_again(server):
    server.breaks = 1
    assert downloads.download(resource(server, "untagged")).read_bytes() == DATA
    assert server.requests == [("/untagged", None), ("/untagged", None)]


def test_another_version_is_not_glued_to_the_first(server, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "_TRIES", 1)
    server.breaks = 1
    with pytest.raises(FileError):
        downloads.download(resource(server, "data"))
    (tmp_path / "home" / "data.zip.part.json").write_text(
        f'{{"address": "{server.address}data", "version": "\\"0\\""}}'
    )
    assert downloads.download(resource(server, "data")).read_bytes() == DATA


def test_a_file_that_has_become_shorter_is_fetched_anew(server, monkeypatch):
    monkeypatch.setattr(transfer, "_TRIES", 1)
    server.breaks = 1
    with pytest.raises(FileError):
        downloads.download(resource(server, "data"))
    monkeypatch.setattr(transfer, "_TRIES", 2)
    shorter = DATA[:1000]
    monkeypatch.setattr(
        server, "send_data", lambda its, wanted: Server.send_data(its, wanted, shorter)
    )
    assert downloads.download(resource(server, "data")).read_bytes() == shorter
    assert [wanted for _, wanted in server.requests] == [None, "bytes=512000-", None]


@pytest.mark.skipif(sys.platform == "win32", reason="nobody waits there")
def test_who_comes_second_waits(tmp_path):
    came = threading.Event()

    def second():
        with transfer.Part(tmp_path / "data.zip").alone():
            came.set()

    thread = threading.Thread(target=second)
    with transfer.Part(tmp_path / "data.zip").alone():
        thread.start()
        assert not came.wait(0.3)
    thread.join()
    assert came.is_set()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["text9", 8, None])
def test_what_there_is_is_listed(name):
    with pytest.raises(InputError, match=f"nothing called {name!r} to download.*text8"):
        downloads.download(name)


def test_a_mirror_helps(server):
    path = downloads.download(resource(server, "missing", "page", "wrong", "data", sha256=SHA256))
    assert path.read_bytes() == DATA
    assert [path for path, _ in server.requests] == ["/missing", "/page", "/wrong", "/data"]


@pytest.fixture
def refusals(monkeypatch):
    """Which answers of a server are errors, and which of them were closed."""
    found = SimpleNamespace(made=[], closed=[])
    begin, close = urllib.error.HTTPError.__init__, urllib.error.HTTPError.close

    def made(error, *args):
        found.made.append(error)
        begin(error, *args)

    def closed(error):
        found.closed.append(error)
        close(error)

    monkeypatch.setattr(urllib.error.HTTPError, "__init__", made)
    monkeypatch.setattr(urllib.error.HTTPError, "close", closed)
    return found


@pytest.mark.parametrize(
    ("kind", "known", "message"),
    [
        ("missing", {}, "404 Not Found"),
        ("page", {}, "a web page instead of data.zip"),
        ("hiddenpage", {}, "a web page instead of data.zip"),
        ("wrong", {"sha256": SHA256}, "SHA-256 is not what it should be"),
        ("short", {"n_bytes": len(DATA)}, "should have 1,024,000 bytes, and the server offers 100"),
        ("unmeasured", {"n_bytes": len(DATA) + 1}, "have 1,024,001 bytes, and 1,024,000 came"),
        ("moved", {}, "the server says 302"),
    ],
)
def test_what_is_not_the_file_is_refused(server, tmp_path, refusals, kind, known, message):
    with pytest.raises(FileError, match=message) as caught:
        downloads.download(resource(server, kind, **known))
    assert server.address + kind in str(caught.value)
    assert files(tmp_path) == []
    assert all(error in refusals.closed for error in refusals.made)


def test_a_server_that_is_not_there_is_named(server, monkeypatch):
    monkeypatch.setattr(transfer, "_TRIES", 2)
    gone = Resource("gone", "", ("http://127.0.0.1:9/x",), "x", "", "")
    with pytest.raises(FileError, match=r"127\.0\.0\.1:9/x: it can't be reached"):
        downloads.download(gone)


def test_each_wait_is_twice_the_last_until_something_comes(server, monkeypatch):
    waits = []
    monkeypatch.setattr(transfer.time, "sleep", waits.append)
    gone = Resource("gone", "", ("http://127.0.0.1:9/x",), "x", "", "")
    with pytest.raises(FileError, match="can't be reached"):
        downloads.download(gone)
    assert waits == [0.001, 0.002, 0.004, 0.008]
    waits.clear()
    server.breaks = 3  # each after half of what was left
    downloads.download(resource(server, "data"))
    assert waits == [0.001] * 3


def test_offline_finds_what_is_there(server, tmp_path, monkeypatch):
    monkeypatch.setenv("WORDKIN_OFFLINE", "1")
    with pytest.raises(FileError, match="WORDKIN_OFFLINE is set"):
        downloads.download(resource(server, "data"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "data.zip").write_bytes(b"here")
    assert downloads.download(resource(server, "data")).read_bytes() == b"here"
    assert server.requests == []


def test_a_folder_that_cannot_be_made_is_an_error_of_ours(server, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("WORDKIN_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(FileError, match="Can't write"):
        downloads.download(resource(server, "data"))


def test_only_the_web_is_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("WORDKIN_HOME", str(tmp_path))
    monkeypatch.delenv("WORDKIN_OFFLINE", raising=False)
    with pytest.raises(InputError, match="http and https"):
        downloads.download(Resource("x", "", ("file:///etc/passwd",), "x", "", ""))


def test_the_cache_folder_is_the_users(monkeypatch, tmp_path):
    monkeypatch.delenv("WORDKIN_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert downloads.home() == tmp_path / "wordkin"
    monkeypatch.setattr("sys.platform", "darwin")
    assert downloads.home().parts[-3:] == ("Library", "Caches", "wordkin")
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert downloads.home() == tmp_path / "wordkin"


def test_the_registry_is_in_order():
    names = [known.name.lower() for known in registry.RESOURCES]
    assert len(set(names)) == len(names)
    for known in registry.RESOURCES:
        assert known.addresses
        assert known.licence
        assert known.citation
        assert known.sha256 is None or len(known.sha256) == 64
        # no name leaves the folder
        assert "/" not in known.file_name
        assert "\\" not in known.file_name
        assert not known.file_name.startswith(".")
        for address in known.addresses:
            assert address.startswith(("http://", "https://"))
    assert downloads.find("GLOVE.6b").name == "glove.6B"
    for name, year in {"glove.6B": 2014, "glove.840B": 2014, "glove.2024.50d": 2025}.items():
        assert f"{year}: " in downloads.find(name).citation
    with pytest.raises(InputError, match=r"nothing called 'glove'.*glove\.6B"):
        downloads.find("glove")
