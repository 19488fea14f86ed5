"""Run the contract of engines on the backends of Keras that this process is not on."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("keras", reason="the extra keras is not installed")

from wordkin.frameworks import import_keras

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ("tests/contract/test_engines.py", "tests/engines/test_keras.py")


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_contract(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    if import_keras().config.backend() == backend:
        pytest.skip("the contract itself runs on it")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *CONTRACT],
        cwd=ROOT,
        env={
            **os.environ, "KERAS_BACKEND": backend, "WORDKIN_TEST_ENGINES": "keras",
            "TF_CPP_MIN_LOG_LEVEL": "2",
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-2_000:]
