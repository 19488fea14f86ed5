"""What models share that predict words beside words of noise."""

from __future__ import annotations

from typing import Any

from wordkin.config.base import check_choice, check_float, check_int


def check_predicting(config: Any) -> None:  # noqa: ANN401 (Word2Vec or Doc2Vec)
    """Check the settings that word2vec's models and `Doc2Vec` share.

    Parameters
    ----------
    config : Word2Vec or Doc2Vec
        The settings.

    Raises
    ------
    ConfigError
        If one of them is out of its range.
    """
    check_int(config, "negative", low=1, high=1_000)
    check_int(config, "epochs", low=1, high=1_000_000)
    check_float(config, "ns_exponent", low=-10.0, high=10.0)
    check_float(config, "sample", low=0.0, high=1.0)
    check_float(config, "alpha", low=0.0, high=10.0)
    check_float(config, "min_alpha", low=0.0, high=config.alpha)
    check_choice(config, "shrink_windows", (False, True))
    if config.group is not None:
        check_int(config, "group", low=1, high=8)
    if config.shared_negatives is not None:
        # the words of a group and its noise are the 16 lanes of a kernel
        check_int(config, "shared_negatives", low=1, high=16 - (config.group or 8))
