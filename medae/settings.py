"""The user's preferences and the PACS nodes, kept as TOML; and the three folders that belong to MedAE.

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
from typing import Annotated, Any, ClassVar, Self

import platformdirs
import tomli_w
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from medae.errors import SettingsError
from medae.nodes import DicomNode, DicomwebNode, Listener, Node, Rule

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
    """Give the path of the file of `Settings`."""
    return Settings.file()


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    return text


Base64Text = Annotated[str, AfterValidator(_base64)]


class _Kept(BaseModel):
    """What is kept as a TOML file. Immutable: change with `changed`, then `save`.

    Unknown keys are ignored, so that an older MedAE can read what a newer one wrote.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)
    file_name: ClassVar[str]

    @classmethod
    def file(cls) -> Path:
        """Give the path of the file."""
        return config_folder() / cls.file_name

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

    def save(self, path: Path | None = None) -> None:
        """Write the settings, whole or not at all.

        Raises
        ------
        SettingsError
            The folder cannot be written.
        """
        path = path or self.file()
        text = tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, text)
        except OSError as error:
            raise SettingsError(f"Settings could not be saved to {path}: {error.strerror}.") from error

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read the settings; defaults where there are none.

        A damaged file is set aside with ``.bad`` after its name, and defaults are used.
        """
        path = path or cls.file()
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


class Settings(_Kept):
    """Preferences of one user."""

    file_name = "settings.toml"

    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")] = "auto"
    strength: float = Field(default=1.0, ge=0, le=1, description="What a new series starts with")
    export_folder: Path | None = Field(default=None, description="Folder of the last export")
    recent: tuple[Path, ...] = Field(default=(), max_length=MAX_RECENT, description="Last opened first")
    models: dict[str, str] = Field(
        default_factory=dict, description='Model used unless another is named, by task and modality: "denoise MR"'
    )
    window_geometry: Base64Text = Field(default="", description="Place and size of the main window (base64)")
    window_state: Base64Text = Field(default="", description="Docks of the main window (base64)")

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


class PacsSettings(_Kept):
    """Nodes in the network, MedAE's own listener, and what is done with pushed series. No passwords.

    They have a file of their own, because the window, ``medae pacs listen`` and ``medae pacs nodes`` share them.
    """

    file_name = "pacs.toml"

    nodes: tuple[Node, ...] = ()
    listener: Listener = Listener()
    rules: tuple[Rule, ...] = ()

    def node(self, name: str) -> DicomNode | DicomwebNode:
        """Find a node by its name.

        Raises
        ------
        SettingsError
            There is none of that name; those that there are, are listed.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        known = ", ".join(node.name for node in self.nodes) or "none yet"
        raise SettingsError(f"No node is called {name!r} (known: {known}); add it with 'medae pacs nodes add'.")

    def with_node(self, node: DicomNode | DicomwebNode) -> Self:
        """Give settings with a node, in the place of the one of the same name."""
        return self.changed(nodes=_replaced(self.nodes, node))

    def with_rule(self, rule: Rule) -> Self:
        """Give settings with a rule, in the place of the one of the same name.

        Raises
        ------
        SettingsError
            Its destination is not a node.
        """
        self.node(rule.destination)
        return self.changed(rules=_replaced(self.rules, rule))

    def without(self, name: str) -> Self:
        """Give settings without the node of that name, nor rules that send to it."""
        return self.changed(
            nodes=tuple(node for node in self.nodes if node.name != name),
            rules=tuple(rule for rule in self.rules if rule.destination != name),
        )

    def without_rule(self, name: str) -> Self:
        """Give settings without the rule of that name."""
        return self.changed(rules=tuple(rule for rule in self.rules if rule.name != name))


def _replaced(known: tuple[Any, ...], new: Any) -> tuple[Any, ...]:
    if any(one.name == new.name for one in known):
        return tuple(new if one.name == new.name else one for one in known)
    return (*known, new)


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
