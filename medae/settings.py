"""The user's preferences, kept as TOML; and the three folders that belong to MedAE.

The environment variable ``MEDAE_HOME`` moves all folders, e.g. for tests or a portable installation.
"""

import base64
import binascii
import logging
import os
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Self

import platformdirs
import tomli_w
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from medae.errors import SettingsError

MAX_RECENT = 12
"""How many recently opened paths are kept."""

_log = logging.getLogger(__name__)


def config_folder() -> Path:
    """Folder of the settings file; not made yet."""
    home = os.environ.get("MEDAE_HOME")
    return Path(home) / "config" if home else platformdirs.user_config_path("medae", appauthor=False)


def data_folder() -> Path:
    """Folder of the user's own models, samples and logs; not made yet."""
    home = os.environ.get("MEDAE_HOME")
    return Path(home) / "data" if home else platformdirs.user_data_path("medae", appauthor=False)


def cache_folder() -> Path:
    """Folder of what can be computed again, such as compiled models; not made yet."""
    home = os.environ.get("MEDAE_HOME")
    return Path(home) / "cache" if home else platformdirs.user_cache_path("medae", appauthor=False)


def settings_path() -> Path:
    """Give the path of the settings file."""
    return config_folder() / "settings.toml"


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    return text


Base64Text = Annotated[str, AfterValidator(_base64)]


class Settings(BaseModel):
    """Preferences of one user. Immutable: change with `changed` or `with_recent`, then `save`.

    Unknown keys are ignored, so that an older MedAE can read what a newer one wrote.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")] = "auto"
    strength: float = Field(default=1.0, ge=0, le=1, description="What a new series starts with")
    export_folder: Path | None = Field(default=None, description="Folder of the last export")
    recent: tuple[Path, ...] = Field(default=(), max_length=MAX_RECENT, description="Last opened first")
    models: dict[str, str] = Field(
        default_factory=dict, description='Model used unless another is named, by task and modality: "denoise MR"'
    )
    window_geometry: Base64Text = Field(default="", description="Place and size of the main window (base64)")
    window_state: Base64Text = Field(default="", description="Docks of the main window (base64)")

    def changed(self, **fields: object) -> Self:
        """Give settings with some fields changed.

        Raises
        ------
        SettingsError
            A value that does not fit its field.
        """
        try:
            return type(self).model_validate({**self.model_dump(), **fields})
        except ValidationError as error:
            raise SettingsError(f"These settings make no sense: {_reasons(error)}.") from error

    def with_recent(self, path: Path) -> Self:
        """Give settings with ``path`` as the first of the recent files."""
        path = path.expanduser().absolute()
        others = tuple(known for known in self.recent if known != path)
        return self.changed(recent=(path, *others)[:MAX_RECENT])

    def with_model(self, task: str, modalities: Iterable[str], name: str) -> Self:
        """Give settings by which a model is used unless another is named."""
        return self.changed(models={**self.models, **{f"{task} {modality}": name for modality in modalities}})

    def model(self, task: str, modality: str) -> str | None:
        """Name of the model to use for a task (``"denoise"``, ``"anomaly"``) and DICOM Modality, where one is set."""
        return self.models.get(f"{task} {modality}")

    def save(self, path: Path | None = None) -> None:
        """Write the settings, whole or not at all.

        Raises
        ------
        SettingsError
            The folder cannot be written.
        """
        path = path or settings_path()
        text = tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, text)
        except OSError as error:
            raise SettingsError(f"Settings could not be saved to {path}: {error.strerror}.") from error

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read the settings; defaults where there are none.

        A damaged file is set aside as ``settings.toml.bad`` and defaults are used.
        """
        path = path or settings_path()
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls()
        except OSError as error:
            _log.warning("Settings could not be read (%s); defaults are used.", error.strerror)
            return cls()
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError):
            return cls._set_aside(path)

    @classmethod
    def _set_aside(cls, path: Path) -> Self:
        bad = path.with_name(path.name + ".bad")
        try:
            path.replace(bad)
        except OSError as error:
            _log.warning("Settings are damaged and cannot be moved (%s); defaults are used.", error.strerror)
        else:
            _log.warning("Settings were damaged; they are kept as %s and defaults are used.", bad.name)
        return cls()


def _reasons(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())


def _write_whole(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - a file descriptor
            file.write(text)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
