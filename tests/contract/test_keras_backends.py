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

HERE = Path(__file__).parent
CONTRACT = [HERE / f"test_keras_{part}.py" for part in ("layer", "training", "heads")]


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_contract(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    if import_keras().config.backend() == backend:
        pytest.skip("the tests of this process run on it")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, CONTRACT)],
        cwd=HERE.parents[1],
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-2_000:]
