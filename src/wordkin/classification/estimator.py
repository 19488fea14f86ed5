"""scikit-learn's conventions for an estimator, kept without scikit-learn."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from wordkin.errors import ConfigError, InputError

if TYPE_CHECKING:
    from typing import Self


class Estimator:
    """What scikit-learn asks of an estimator whose settings are the fields of a dataclass."""

    _estimator_type = "classifier"
    classes_: Any

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the settings by name.

        Parameters
        ----------
        deep : bool
            For scikit-learn; there are no estimators within this one.

        Returns
        -------
        dict of str to object
            As they were given.
        """
        del deep
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **settings: Any) -> Self:  # noqa: ANN401
        """Change settings; they are looked at by the next `fit`.

        Parameters
        ----------
        **settings
            New values by name.

        Returns
        -------
        TextClassifier
            Itself.

        Raises
        ------
        ConfigError
            If there is no such setting.
        """
        known = self._names()
        for name in settings:
            if name not in known:
                raise ConfigError(
                    f"{type(self).__name__} has no setting {name!r}. Use one of: "
                    f"{', '.join(known)}."
                )
        for name, value in settings.items():
            setattr(self, name, value)
        return self

    @classmethod
    def _names(cls) -> list[str]:
        return [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]

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

    def __repr__(self) -> str:
        """Show the settings that are not the default."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        changed = [
            f"{field.name}={value!r:.60}"
            for field in fields
            if (value := getattr(self, field.name)) is not field.default and value != field.default
        ]
        return f"{type(self).__name__}({', '.join(changed)})"
