"""scikit-learn's conventions for a classifier, kept without scikit-learn."""

from __future__ import annotations

from typing import Any

from wordkin.documents.settings import Settings
from wordkin.errors import InputError


class Estimator(Settings):
    """What scikit-learn asks of a classifier whose settings are the fields of a dataclass."""

    _estimator_type = "classifier"
    classes_: Any

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise InputError(
                f"This {type(self).__name__} has learned nothing yet. Call fit(texts, labels), or "
                "load one with load_classifier(path)."
            )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classes_")

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401
        # scikit-learn asks, so it is there
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(one_d_array=True, two_d_array=False, string=True),
        )
