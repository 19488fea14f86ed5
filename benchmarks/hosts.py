"""The distributed engine between hosts with addresses of their own, one of which is lost.

    python benchmarks/hosts.py TEXT [--words 300000] [--epochs 6]      (as root, on Linux)

The hosts are network namespaces of this machine on a bridge that leads nowhere else. Each has its
own processes, name, /dev/shm and /tmp/ray, sees the same files, and runs Ray with one processor.
Prints a row for each run of docs/scaling.md: where workers were, the traffic, the checksum of both
tables.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

import numpy as np

import wordkin as wk

HEAD, OTHER = "10.77.0.1", "10.77.0.2"
ADDRESS = f"{HEAD}:6379"
ALIVE = 600  # seconds that a host lives at most, whatever becomes of the run
BEGIN = 200  # seconds for Ray to start on it
AT = 4  # the step after which a host is lost
TIMEOUT = 90  # seconds for the cluster to give a worker
# how soon a host that is silent counts as dead; Ray's own settings take longer
HEALTH = {
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "3000",
    "RAY_health_check_failure_threshold": "5",
}
INSIDE = """
hostname $1; shift
mkdir -p /tmp/ray
mount -t tmpfs tmpfs /tmp/ray
mount -t tmpfs tmpfs /dev/shm
exec "$@"
"""


class NoHostsError(Exception):
    """Network namespaces can't be made here."""


class Host:
    """A host; it ends with its first process, which starts Ray."""

    def __init__(self, space, name, command, env):
        own = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--uts"]
        shell = ["timeout", "-s", "KILL", str(ALIVE), "sh", "-c", INSIDE, "sh", name]
        self.space, self.name, self.lines = space, name, []
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", space, *own, *shell, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=env,
        )
        self._begun = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            if "Ray runtime started" in line:
                self._begun.set()

    def wait(self):
        """Until Ray runs on it."""
        if not self._begun.wait(BEGIN):
            raise RuntimeError(f"Ray did not begin on {self.name}:\n{''.join(self.lines)}")

    def run(self, command, **settings):
        """Begin another process on it."""
        ours = self.process.pid
        first = Path(f"/proc/{ours}/task/{ours}/children").read_text().split()[0]
        where = ["--net", "--mount", "--pid", "--uts", f"--wd={Path.cwd()}"]
        return subprocess.Popen(["nsenter", "-t", first, *where, *command], **settings)

    def unplug(self):
        """Take its link down; its processes go on."""
        subprocess.run(["ip", "-n", self.space, "link", "set", "eth0", "down"], check=True)

    def end(self):
        """Kill all its processes."""
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()
            self._reader.join()
            self.process.stdout.close()


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoHostsError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


@contextlib.contextmanager
def network():
    """Two network namespaces on a bridge in a third."""
    for tool in ("ip", "unshare", "nsenter", "mount", "timeout"):
        if shutil.which(tool) is None:
            raise NoHostsError(f"{tool} is missing")
    if os.geteuid():
        raise NoHostsError("only root can make them")
    bridge, *spaces = (f"wordkin{os.getpid()}-{n}" for n in range(3))
    try:
        ip("netns", "add", bridge)
        ip("-n", bridge, "link", "add", "br0", "type", "bridge")
        ip("-n", bridge, "link", "set", "br0", "up")
        for n, (space, address) in enumerate(zip(spaces, (HEAD, OTHER), strict=True)):
            ip("netns", "add", space)
            peer = ["peer", "name", f"port{n}", "netns", bridge]
            ip("-n", space, "link", "add", "eth0", "type", "veth", *peer)
            ip("-n", bridge, "link", "set", f"port{n}", "master", "br0", "up")
            ip("-n", space, "addr", "add", f"{address}/24", "dev", "eth0")
            ip("-n", space, "link", "set", "lo", "up")
            ip("-n", space, "link", "set", "eth0", "up")
            # older Ray (2.40) looks for its own address in the route to the world (nothing is sent)
            # and takes another host for this one where there is none
            ip("-n", space, "route", "add", "default", "dev", "eth0")
        yield spaces
    finally:
        for space in (bridge, *spaces):
            subprocess.run(["ip", "netns", "del", space], capture_output=True, check=False)


@contextlib.contextmanager
def cluster():
    """Two hosts that are one cluster, and the environment of their processes."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    env |= HEALTH | {"RAY_USAGE_STATS_ENABLED": "0", "COLUMNS": "200"}
    env |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": str(uuid.uuid4())}
    start = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus=1"]
    start += ["--object-store-memory=200000000"]
    head = ["--head", "--port=6379", f"--node-ip-address={HEAD}", "--include-dashboard=false"]
    other = [f"--address={ADDRESS}", f"--node-ip-address={OTHER}"]
    with network() as spaces, contextlib.ExitStack() as stack:
        hosts = []
        for n, (space, more) in enumerate(zip(spaces, (head, other), strict=True)):
            hosts.append(Host(space, f"host{n + 1}", [*start, *more], env))
            stack.callback(hosts[-1].end)
            hosts[-1].wait()
        yield hosts, env


def cut(words, folder):
    """Four files of a text, with a thousand words in a line."""
    each = -(-len(words) // 4)
    folder.mkdir()
    for n in range(0, len(words), each):
        part = words[n : n + each]
        lines = (" ".join(part[i : i + 1000]) for i in range(0, len(part), 1000))
        (folder / f"{n:09}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def config_of(epochs):
    return wk.SkipGram(vector_size=50, epochs=epochs)


def digest(model):
    mark = hashlib.sha256()
    for vectors in (model.vectors, model.context):
        mark.update(np.ascontiguousarray(vectors.vectors).data)
    return mark.hexdigest()


def drive(texts, epochs):
    """What runs on the first host: read and train on the cluster, and print what happens."""
    import logging

    from wordkin.engines import ray_crew

    def say(what, value):
        print(json.dumps([what, value]), flush=True)

    class Told(logging.Handler):
        def emit(self, record):
            say("traffic" if record.name == "wordkin.traffic" else "log", record.getMessage())

    class Crew(ray_crew.Crew):
        def _hire(self, workers):
            found = super()._hire(workers)
            say("workers", [place.machine for place in found])
            return found

    import wordkin.engines.ray as engine

    engine.Crew = Crew
    log = logging.getLogger("wordkin")
    log.addHandler(Told())
    log.setLevel(logging.INFO)
    settings = wk.RayCluster(address=ADDRESS, timeout=TIMEOUT)
    corpus = wk.read_distributed(texts, cluster=settings)

    def after(progress):
        say("step", progress.step)
        time.sleep(0.1)  # so that a loss comes in time

    model = wk.train(corpus, config_of(epochs), workers=2, engine=settings, callbacks=[after])
    say("digest", digest(model))


def run(texts, epochs, harm=None):
    """Train on two hosts, and do the second one harm meanwhile; what was told, by kind."""
    told = {"workers": [], "step": [], "log": [], "traffic": [], "digest": []}
    with cluster() as ((head, other), env):
        command = [sys.executable, __file__, str(texts), "--epochs", str(epochs), "--drive"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with head.run(command, env=env, **pipes) as driver:
            guard = threading.Timer(ALIVE, driver.kill)
            guard.start()
            lost = None
            for line in driver.stdout:
                if not line.startswith('["'):  # Ray prints, too
                    continue
                what, value = json.loads(line)
                told[what].append(value)
                if lost and what == "log" and "going on with" in value:
                    told["gap"] = time.monotonic() - lost
                if harm is not None and [what, value] == ["step", AT]:
                    lost = time.monotonic()
                    harm(other)
            guard.cancel()
            said = driver.stderr.read()
    if driver.returncode:
        raise RuntimeError(f"training on the hosts has failed ({driver.returncode}):\n{said}")
    return told


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("--words", type=int, default=300_000)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--drive", action="store_true", help="what runs on the first host")
    given = parser.parse_args()
    if given.drive:
        drive(given.text, given.epochs)
        return
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder) / "texts"
        words = given.text.read_text(encoding="utf-8")[: given.words * 8].split()[: given.words]
        cut(words, texts)
        corpus = wk.Corpus.from_path(texts)
        here = wk.train(corpus, config_of(given.epochs), workers=2, deterministic=True)
        print(f"{corpus.n_tokens:,} words, {len(corpus.vocabulary):,} different")
        print("| run | workers | seconds until it went on | traffic | SHA-256 of both tables |")
        print("|---|---|---:|---|---|")
        print(f"| local deterministic | | | | `{digest(here)[:16]}` |", flush=True)
        for name, harm in (
            ("two hosts", None),
            ("the link of host 2 goes down", Host.unplug),
            ("all processes of host 2 are killed", Host.end),
        ):
            try:
                told = run(texts, given.epochs, harm)
            except NoHostsError as error:
                print(f"not run: no network namespaces here: {error}")
                return
            gap = f"{told['gap']:.0f}" if "gap" in told else ""
            places = ", ".join(place for hired in told["workers"] for place in hired)
            cells = (name, places, gap, told["traffic"][-1], f"`{told['digest'][0][:16]}`")
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
