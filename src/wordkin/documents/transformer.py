"""scikit-learn's conventions for a transformer of texts, kept without scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.documents.settings import Settings
from wordkin.documents.texts import checked_texts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from numpy.typing import NDArray

    Texts = Iterable[str]


class Transformer(Settings):
    """What scikit-learn asks of what makes vectors of texts (abstract: see `DocumentEncoder`)."""

    components_: NDArray[np.float32]

    def fit(self, texts: Texts, y: object = None) -> Self:
        """Learn from texts.

        Parameters
        ----------
        texts : iterable of str
            n texts.
        y : object
            For scikit-learn; not looked at.

        Returns
        -------
        Self
            Itself.
        """
        raise NotImplementedError

    def encode(self, texts: Texts) -> NDArray[np.float32]:
        """Make the vectors of texts.

        Parameters
        ----------
        texts : iterable of str
            n texts.

        Returns
        -------
        ndarray of float32
            Shape (n, D).
        """
        raise NotImplementedError

    def _n_dimensions(self) -> int:
        raise NotImplementedError

    def _needs_fit(self) -> bool:
        raise NotImplementedError

    def transform(self, texts: Texts) -> NDArray[np.float32]:
        """Make the vectors of texts; scikit-learn's name for `encode`.

        Parameters
        ----------
        texts : iterable of str
            n texts.

        Returns
        -------
        ndarray of float32
            Shape (n, D).
        """
        return self.encode(texts)

    def fit_transform(self, texts: Texts, y: object = None) -> NDArray[np.float32]:
        """Learn from texts, and make their vectors.

        Parameters
        ----------
        texts : iterable of str
            n texts.
        y : object
            For scikit-learn; not looked at.

        Returns
        -------
        ndarray of float32
            Shape (n, D).
        """
        listed = checked_texts(texts)
        return self.fit(listed, y).encode(listed)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Name the dimensions.

        Parameters
        ----------
        input_features : object
            For scikit-learn; not looked at.

        Returns
        -------
        ndarray of str
            Shape (D,).
        """
        del input_features
        name = type(self).__name__.lower()
        return np.array([f"{name}{i}" for i in range(self._n_dimensions())], object)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "components_")

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401
        # scikit-learn asks, so it is there
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(),
            input_tags=InputTags(one_d_array=True, two_d_array=False, string=True),
            requires_fit=self._needs_fit(),
        )
