"""Small helpers of the tests of the four articles."""

from __future__ import annotations

from typing import Any

import numpy as np

GROUPS = ("comp.graphics", "rec.autos", "sci.space", "talk.politics.guns")
NUMBERS = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}


def as_numpy(tensor: Any) -> np.ndarray:
    """An array of any framework, on the host."""
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu()
    return np.asarray(tensor)


def command(*arguments: object) -> Any:
    """Run a command of ``wordkin`` in this process."""
    from typer.testing import CliRunner

    from wordkin.cli import app

    return CliRunner().invoke(app._make_app(), list(map(str, arguments)), prog_name="wordkin")
