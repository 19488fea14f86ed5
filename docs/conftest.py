"""Pages whose examples need a framework that is not installed are left out of the tests."""

from __future__ import annotations

import importlib.util

_NEEDS = {
    "pictures.md": ("matplotlib",),
    "drawing.py": ("matplotlib",),
    "layers.md": ("torch", "flax", "tensorflow"),
    "howto/parquet.md": ("pyarrow",),
    "howto/pytorch.md": ("torch",),
    "articles/query-then-every-framework.md": ("keras", "tensorflow", "torch", "flax"),
    "articles/pretrained-in-a-classifier.md": ("keras", "sklearn"),
}

collect_ignore = [
    page
    for page, modules in _NEEDS.items()
    if not all(importlib.util.find_spec(module) for module in modules)
]
