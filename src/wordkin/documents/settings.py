"""scikit-learn's conventions for settings, kept without scikit-learn."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from wordkin.errors import ConfigError

if TYPE_CHECKING:
    from typing import Self


class Settings:
    """What scikit-learn asks of anything whose settings are the fields of a dataclass."""

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
        Self
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

    def __sklearn_clone__(self) -> Self:
        # scikit-learn would copy the vectors
        return type(self)(**self.get_params())

    @classmethod
    def _names(cls) -> list[str]:
        return [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]

    def __repr__(self) -> str:
        """Show the settings that are not the default."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        changed = [
            f"{field.name}={value!r:.60}"
            for field in fields
            if (value := getattr(self, field.name)) is not field.default and value != field.default
        ]
        return f"{type(self).__name__}({', '.join(changed)})"
