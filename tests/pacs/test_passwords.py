"""Passwords: in the keyring, or a sentence; never in the settings."""

from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail

from medae.errors import SettingsError
from medae.nodes import DicomwebNode
from medae.pacs.passwords import forget_password, password, set_password
from medae.settings import PacsSettings, config_folder

NODE = DicomwebNode(name="web", url="https://pacs/dicom-web", user="anna")


class Memory(KeyringBackend):
    """A keyring that forgets with the test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def backend() -> Iterator[Memory]:
    before, made = keyring.get_keyring(), Memory()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def _no_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    yield
    keyring.set_keyring(before)


def test_a_password_is_kept_and_forgotten(backend: Memory) -> None:
    with pytest.raises(SettingsError, match="medae pacs nodes password web"):
        password(NODE)
    set_password(NODE, "s3cret")
    assert password(NODE) == "s3cret"
    PacsSettings().with_node(NODE).save()
    assert all("s3cret" not in path.read_text() for path in config_folder().iterdir())
    forget_password(NODE)
    assert backend.kept == {}


def test_a_node_without_a_user_needs_none(backend: Memory) -> None:
    assert password(NODE.model_copy(update={"user": ""})) == ""


@pytest.mark.usefixtures("_no_keyring")
def test_without_a_keyring_the_user_is_told_what_to_do() -> None:
    for attempt in (lambda: set_password(NODE, "s3cret"), lambda: password(NODE)):
        with pytest.raises(SettingsError, match="no keyring") as caught:
            attempt()
        assert "s3cret" not in str(caught.value)
    forget_password(NODE)
