"""Where things of the network lie: what must not be lost in the data folder, what can come again in the cache."""

from pathlib import Path

from medae.pacs.instance_files import key
from medae.settings import cache_folder, data_folder


def pacs_folder() -> Path:
    """Folder of the database, of received files and of what waits to be sent; made when absent."""
    folder = data_folder() / "pacs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def database_file() -> Path:
    """File of the send queue and of the series that were pushed."""
    return pacs_folder() / "pacs.sqlite"


def has_state() -> bool:
    """Whether there is a database; nothing is made."""
    return (data_folder() / "pacs" / "pacs.sqlite").is_file()


def spool_folder() -> Path:
    """Folder of received series."""
    return pacs_folder() / "received"


def outbox_folder() -> Path:
    """Folder of files that MedAE made in order to send them."""
    return pacs_folder() / "to-send"


def lock_file(what: str) -> Path:
    """File whose lock a process holds while it alone does something: ``"listener"``, ``"sender"``."""
    return pacs_folder() / f"{what}.lock"


def moved_folder() -> Path:
    """Folder where the listener puts what comes because of a C-MOVE of ours."""
    return cache_folder() / "pacs" / "moved"


def retrieved_folder(series_instance_uid: str) -> Path:
    """Folder for a series that the window has fetched; not made yet."""
    return cache_folder() / "pacs" / "retrieved" / key(series_instance_uid)
