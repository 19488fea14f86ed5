"""Run the contract of the Keras layer on the backends that this process is not on."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("keras", reason="the extra keras is not installed")

from wordkin.frameworks import import_keras

CONTRACT = Path(__file__).with_name("test_keras_layer.py")


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_contract(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    if import_keras().config.backend() == backend:
        pytest.skip("test_keras_layer.py itself runs on it")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(CONTRACT)],
        cwd=CONTRACT.parents[2],
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-2_000:]
