"""engine="ray" between hosts with addresses of their own, one of which is lost.

The hosts are network namespaces of this machine; `benchmarks/hosts.py` tells how they are made.
"""

from __future__ import annotations

import contextlib
import importlib.util
import lzma
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import wordkin as wk

pytest.importorskip("ray")
pytestmark = pytest.mark.slow

EPOCHS = 6


@pytest.fixture(scope="module")
def lab():
    """The script that makes hosts."""
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "hosts.py"
    spec = importlib.util.spec_from_file_location("benchmarks_hosts", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        with module.network():
            pass
    except module.NoHostsError as error:
        pytest.skip(f"no network namespaces here: {error}")
    return module


@pytest.fixture(scope="module")
def texts(lab, data_dir, tmp_path_factory):
    """300,000 words of wiki8 in four files."""
    with lzma.open(data_dir / "wiki8.xz", "rt") as file:
        words = file.read(2_000_000).split()[:300_000]
    folder = tmp_path_factory.mktemp("hosts") / "texts"
    lab.cut(words, folder)
    return folder


def test_the_command_line_reads_and_trains_on_two_hosts(lab, texts, tmp_path):
    few = ["--vector-size", "50", "--epochs", "2", "--workers", "2"]
    out, local = (str(tmp_path / f"{name}.safetensors") for name in ("ray", "local"))
    command = [sys.executable, "-m", "wordkin", "train", str(texts), *few]
    ray = ["--engine", "ray", "--address", lab.ADDRESS, "-o", out]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    seen = set()  # where there are workers
    with lab.cluster() as (hosts, env):
        there = hosts[0].run([*command, *ray], env=env, **pipes)
        while there.poll() is None:
            seen |= {host.name for host in hosts if "Host.call" in titles_on(host)}
            time.sleep(0.2)
        printed, said = there.communicate()
    assert there.returncode == 0, said
    here = subprocess.run([*command, "--deterministic", "-o", local], env=env, **pipes)
    assert here.returncode == 0, here.stderr
    assert seen == {"host1", "host2"}
    assert "not on the cluster" not in said
    assert re.search(r"\d+ merges; for each, all workers together sent [\d.]+ MB", said)
    assert printed.partition("epoch ")[0] == here.stdout.partition("epoch ")[0]
    assert np.array_equal(wk.load(out).vectors, wk.load(local).vectors)


def titles_on(host):
    """What the processes of a host are called: those of Ray's workers say what they do."""
    listed = ["ip", "netns", "pids", host.space]
    found = []
    for pid in subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split():
        with contextlib.suppress(OSError):
            found.append(Path(f"/proc/{pid}/cmdline").read_bytes().decode())
    return " ".join(found)


@pytest.mark.parametrize("harm", ["unplug", "end"])
def test_a_host_that_is_lost_while_it_trains(lab, texts, harm):
    told = lab.run(texts, EPOCHS, getattr(lab.Host, harm))
    assert sorted(told["workers"][0]) == ["host1", "host2"]
    assert len(told["workers"]) == 1  # there was no place for another one
    assert any("going on with 1 workers" in line for line in told["log"])
    assert told["step"] == list(range(1, told["step"][-1] + 1))
    assert told["step"][-1] > lab.AT + 1
    local = wk.train(
        wk.Corpus.from_path(texts), lab.config_of(EPOCHS), workers=2, deterministic=True
    )
    assert told["digest"] == [lab.digest(local)]
