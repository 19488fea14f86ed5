"""What models share that learn from counts of which words stand near which."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Literal

from wordkin.config.base import RESOURCE, Model, check_choice, check_int
from wordkin.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Counting(Model):
    """What GloVe and PPMI share (abstract: use one of the two)."""

    window: int = 10
    distance_weighting: Literal["harmonic", "linear", "flat"] = "harmonic"
    symmetric: bool = True
    memory: int = field(default=1 << 30, metadata=RESOURCE)
    disk_limit: int | None = field(default=None, metadata=RESOURCE)
    temp_folder: str | os.PathLike[str] | None = field(default=None, metadata=RESOURCE)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_int(self, "window", low=1, high=1_000)
        check_choice(self, "distance_weighting", ("harmonic", "linear", "flat"))
        check_choice(self, "symmetric", (False, True))
        check_int(self, "memory", low=1 << 20, high=1 << 60)
        if self.disk_limit is not None:
            check_int(self, "disk_limit", low=0, high=1 << 60)
        if self.temp_folder is not None and not isinstance(self.temp_folder, str | os.PathLike):
            raise ConfigError(f"temp_folder must be a path; got {self.temp_folder!r}.")
