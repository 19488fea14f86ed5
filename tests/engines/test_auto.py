"""engine="auto": the GPU only where it is faster, and never in silence."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import wordkin as wk
from wordkin.engines import auto, cpu, get_engine

TEXT = ["the cat sat on the mat", "the dog lay on the rug"] * 100
CONFIG = wk.SkipGram(vector_size=8, epochs=1)


@pytest.fixture
def corpus():
    return wk.Corpus.from_texts(TEXT, min_count=1)


class Device:
    """Stands for a GPU: the CPU's engine, so many seconds slower for each block."""

    def __init__(self, seconds):
        self.seconds, self.started = seconds, []
        self._cpu = cpu.make_engine(workers=1)
        self.memory = self._cpu.memory

    def start(self, corpus, config, *, seed):
        self.started.append(seed)
        run = self._cpu.start(corpus, config, seed=seed)
        update = run.update

        def slowly(block):
            time.sleep(self.seconds)
            return update(block)

        run.update = slowly
        return run


def with_devices(monkeypatch, cpu_seconds, gpu_seconds):
    devices = {"cpu": Device(cpu_seconds), "keras": Device(gpu_seconds)}
    monkeypatch.setattr(auto, "gpu_is_there", lambda: True)
    monkeypatch.setattr(auto, "get_engine", lambda name, **_: devices[name])
    return devices


@pytest.mark.parametrize("faster", ["cpu", "keras"])
def test_the_faster_one_trains_and_the_log_tells(corpus, monkeypatch, caplog, faster):
    slow = {"cpu": 0.0, "keras": 0.2} if faster == "cpu" else {"cpu": 0.2, "keras": 0.0}
    devices = with_devices(monkeypatch, slow["cpu"], slow["keras"])
    with caplog.at_level(logging.INFO, logger="wordkin"):
        wk.train(corpus, CONFIG, engine="auto", workers=1, seed=7)
    assert devices[faster].started == [0, 7]  # tried, then taken
    assert [device.started for device in devices.values()].count([0]) == 1
    assert "the faster is taken" in caplog.text


def test_without_a_gpu_it_is_the_cpu_to_the_byte(corpus, monkeypatch, caplog):
    monkeypatch.setattr(auto, "_DRIVERS", ())
    with caplog.at_level(logging.INFO, logger="wordkin"):
        chosen = wk.train(corpus, CONFIG, engine="auto", workers=1)
    plain = wk.train(corpus, CONFIG, workers=1)
    assert chosen.vectors.vectors.tobytes() == plain.vectors.vectors.tobytes()
    assert "there is no GPU" in caplog.text


@pytest.mark.parametrize(("backend", "found"), [("jax", True), ("numpy", False)])
def test_jax_is_asked_only_where_keras_runs_on_it(monkeypatch, backend, found):
    asked = []
    jax = SimpleNamespace(default_backend=lambda: asked.append(1) or "gpu")
    keras = SimpleNamespace(config=SimpleNamespace(backend=lambda: backend))
    monkeypatch.setattr(auto, "_DRIVERS", (Path(__file__),))
    monkeypatch.setattr(auto, "import_keras", lambda: keras)
    monkeypatch.setitem(sys.modules, "jax", jax)
    assert auto.gpu_is_there() is found
    assert len(asked) == found


def test_a_model_that_the_gpu_does_not_know_is_the_cpus(corpus, monkeypatch, caplog):
    monkeypatch.setattr(auto, "gpu_is_there", lambda: True)
    config = wk.FastText(vector_size=8, epochs=1, sample=0)
    with caplog.at_level(logging.INFO, logger="wordkin"):
        wk.train(corpus, config, engine="auto", workers=1)
    assert "the CPU trains. The Keras engine can't train FastText" in caplog.text


def test_deterministic_runs_are_the_cpus():
    assert isinstance(get_engine("auto", workers=2, streams=4), cpu.CpuEngine)
