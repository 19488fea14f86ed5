"""One contract for the layers of every framework, each framework in a process of its own.

The contract is in layer_contract.py. What a framework promises beside it is in its layer_*.py.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NEEDS = {
    "torch": ["torch"],
    "jax": ["jax"],
    "flax": ["jax", "flax"],
    "tensorflow": ["tensorflow", "keras"],
    "keras-tensorflow": ["keras", "tensorflow"],
    "keras-jax": ["keras", "jax"],
    "keras-torch": ["keras", "torch"],
}


@pytest.mark.parametrize("framework", NEEDS)
def test_contract(framework):
    for module in NEEDS[framework]:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    name, _, backend = framework.partition("-")
    files = [HERE / "layer_contract.py", HERE / f"layer_{name}.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, files)],
        cwd=HERE.parents[1],
        env={
            **os.environ,
            "WORDKIN_TEST_LAYER": framework,
            "KERAS_BACKEND": backend or "tensorflow",
            "TF_CPP_MIN_LOG_LEVEL": "2",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-2_000:]
