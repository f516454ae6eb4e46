"""Configurations of MONAI bundles as data: references to plain values are followed, expressions are refused."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medae.bundle.info import read_json
from medae.errors import ModelError

MOST_YAML = 1 << 20
MOST_VALUES = 10_000
"""Values in a network's definition: references may point at references, and would grow without end."""
_COMMENTS = ("_desc_", "_comment_")


def read_config(path: Path) -> dict[str, Any]:
    """Read a configuration in JSON or YAML.

    Raises
    ------
    ModelError
        If it cannot be read as data.
    """
    if path.suffix == ".json":
        return read_json(path)
    try:
        import yaml  # type: ignore[import-untyped]
    except ImportError as error:
        raise ModelError(f"{path.name}: YAML needs PyYAML; install it with 'pip install pyyaml'") from error
    try:
        if path.stat().st_size > MOST_YAML:
            raise ModelError(f"{path.name}: is too large for a configuration")
        content = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise ModelError(f"{path.name}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ModelError(f"{path.name}: is not plain YAML; the bundle is damaged") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path.name}: holds no settings; the bundle is damaged")
    return content


def plain(definition: Mapping[str, Any], config: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Give a definition with its references replaced by what they point at.

    Parameters
    ----------
    definition
        Part of ``config``.
    config
        The whole configuration, for ``"@name"`` and ``"@part::name"``.
    where
        Words for messages.

    Raises
    ------
    ModelError
        If a value is an expression (``$…``), refers to another file (``%…``) or to nothing, or has parts that are
        not data.
    """
    resolver = _Resolver(config, where)
    resolved = {key: resolver.value(value, 0) for key, value in definition.items() if key not in _COMMENTS}
    strange = [key for key in resolved if key.startswith("_") and key != "_target_"]
    if strange:
        raise ModelError(f"{where} uses {strange[0]}, which MedAE does not follow")
    return json.loads(json.dumps(resolved))  # type: ignore[no-any-return]


class _Resolver:
    def __init__(self, config: Mapping[str, Any], where: str) -> None:
        self._config, self._where = config, where
        self._values = 0

    def value(self, value: Any, depth: int) -> Any:
        """Plain value of a value."""
        self._values += 1
        if depth > 20 or self._values > MOST_VALUES:
            raise ModelError(f"{self._where} refers to itself or is too long")
        if isinstance(value, str):
            return self._text(value, depth)
        if isinstance(value, list):
            return [self.value(inner, depth + 1) for inner in value]
        if isinstance(value, dict):
            if "_target_" in value:
                raise ModelError(f"{self._where} builds a {value['_target_']} inside the network, which MedAE does not")
            return {str(key): self.value(inner, depth + 1) for key, inner in value.items() if key not in _COMMENTS}
        if value is None or isinstance(value, bool | int | float):
            return value
        raise ModelError(f"{self._where} holds a {type(value).__name__}, which is no plain value")

    def _text(self, text: str, depth: int) -> Any:
        if text.startswith("$"):
            raise ModelError(
                f"{self._where} holds the expression {text!r}; MedAE never runs code from a bundle. "
                f"Write its value in its place and import again"
            )
        if text.startswith("%"):
            raise ModelError(f"{self._where} takes {text!r} from another file; write its value in its place")
        if not text.startswith("@"):
            return text
        found: Any = self._config
        for key in text[1:].replace("::", "#").split("#"):
            try:
                found = found[int(key)] if isinstance(found, list) else found[key]
            except (KeyError, IndexError, ValueError, TypeError) as error:
                raise ModelError(f"{self._where} refers to {text!r}, which is not there") from error
        return self.value(found, depth + 1)
