"""engine="ray": what is told about an address, and how soon."""

from __future__ import annotations

import contextlib
import http.server
import os
import socket
import subprocess
import sys
import threading
import time
import uuid

import pytest

import wordkin as wk
from wordkin.engines import ray_cluster
from wordkin.errors import TrainingError

ray = pytest.importorskip("ray")

wants_tokens = pytest.mark.skipif(
    not hasattr(ray.exceptions, "AuthenticationError"), reason="this Ray knows no tokens"
)

SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.delenv("RAY_USE_TLS", raising=False)
    assert not ray.is_initialized()


@contextlib.contextmanager
def listening(answer):
    """The address of a socket that answers whoever comes with `answer`; with None, never."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        guests = []

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    guest, _ = server.accept()
                    guests.append(guest)
                    if answer is not None:
                        guest.sendall(answer)
                        guest.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for guest in guests:
                guest.close()


@contextlib.contextmanager
def a_web_server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


STRANGERS = {
    "silence": lambda: listening(None),
    "an end": lambda: listening(b""),
    "half a frame": lambda: listening(SETTINGS[:5]),
    "another frame": lambda: listening(bytes([0, 0, 0, 6, 0, 0, 0, 0, 0])),
    "ssh": lambda: listening(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "http": a_web_server,
}


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
def test_what_is_not_ray_is_told_soon(stranger):
    with stranger() as address:
        began = time.monotonic()
        with pytest.raises(TrainingError, match=f"{address}' is no head of a Ray cluster"):
            wk.RayCluster(address=address).connect(1)
        assert time.monotonic() - began < 10
    assert not ray.is_initialized()


def test_the_command_line_tells_it_too(tmp_path):
    (tmp_path / "text").write_text("the cat sat on the mat\n" * 50)
    command = ["train", str(tmp_path / "text"), "-o", str(tmp_path / "v.vec"), "--engine", "ray"]
    with a_web_server() as address:
        done = subprocess.run(
            [sys.executable, "-m", "wordkin", *command, "--address", address],
            capture_output=True,
            text=True,
            env=os.environ | {"COLUMNS": "200"},
        )
    assert done.returncode != 0
    assert "it does not speak gRPC" in done.stderr
    assert "Traceback" not in done.stderr


class Refusing:
    """Instead of Ray's own client, which tries for 40 seconds."""

    error: Exception

    def __init__(self, **_):
        raise self.error


def test_another_server_that_speaks_grpc(monkeypatch):
    Refusing.error = RuntimeError("\n Timed out while waiting for GCS \n to become available")
    monkeypatch.setattr(ray._raylet, "GcsClient", Refusing)
    told = (
        r"no Ray cluster of this version, or it is down: Timed out while waiting for GCS\. Its head"
    )
    with listening(SETTINGS) as address, pytest.raises(TrainingError, match=told):
        wk.RayCluster(address=address).connect(1)


@wants_tokens
def test_a_cluster_that_wants_a_token(monkeypatch):
    Refusing.error = ray.exceptions.AuthenticationError("Authentication token is missing.")
    monkeypatch.setattr(ray._raylet, "GcsClient", Refusing)
    with listening(SETTINGS) as address, pytest.raises(TrainingError, match="RAY_AUTH_MODE=token"):
        wk.RayCluster(address=address).connect(1)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (
            None,
            r"does not take this process in: No node info found\. .*\(call \"ray start --address",
        ),
        ("auto", r"There is no Ray cluster that answers at 'auto': No node info found\. Start"),
    ],
)
def test_a_machine_that_is_no_node_of_the_cluster(monkeypatch, address, told):
    def init(*_, **__):
        try:
            raise RuntimeError("No node info found")
        except RuntimeError as error:
            raise ConnectionError("Failed to connect") from error

    monkeypatch.setattr(ray._raylet, "GcsClient", lambda **_: None)
    monkeypatch.setattr(ray, "init", init)
    with listening(SETTINGS) as here, pytest.raises(TrainingError, match=told):
        wk.RayCluster(address=address or here).connect(1)


def test_encrypted_ray_is_not_asked_in_plain(monkeypatch):
    monkeypatch.setenv("RAY_USE_TLS", "1")
    with listening(b"") as address:
        ray_cluster._knock(address)


HEAD = """
import ray

ray.init(
    "local",
    num_cpus=1,
    object_store_memory=100_000_000,
    include_dashboard=False,
    log_to_driver=False,
)
print(ray.get_runtime_context().gcs_address, flush=True)
input()
ray.shutdown()
"""
CONNECT = """
import sys
import wordkin as wk

leave = wk.RayCluster(address=sys.argv[1]).connect(1)
print("connected")
leave()
"""


@wants_tokens
def test_a_head_that_wants_a_token_which_is_not_sent_unasked(tmp_path):
    """Ray makes a token at the first start, and ``ray start`` takes it later without a word."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    env |= {"HOME": str(tmp_path), "RAY_USAGE_STATS_ENABLED": "0"}
    asked = {"RAY_AUTH_MODE": "token"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", HEAD], env=env | asked, **pipes) as head:
        address = head.stdout.readline().strip()

        def connect(**more):
            command = [sys.executable, "-c", CONNECT, address]
            return subprocess.run(command, env=env | more, capture_output=True, text=True)

        without = connect()
        with_it = connect(**asked)
        another = connect(**asked, RAY_AUTH_TOKEN=str(uuid.uuid4()))
        head.communicate("end\n")
    assert with_it.stdout == "connected\n", with_it.stderr
    for done in (without, another):
        last = done.stderr.splitlines()[-1]
        assert f"TrainingError: The Ray cluster at '{address}' wants" in last
