"""The send queue and the pushed series of this user, for everybody who looks at them or changes them."""

from collections.abc import Iterator
from contextlib import contextmanager

from medae.pacs import places
from medae.pacs.database import Database
from medae.pacs.send_queue import SendQueue
from medae.pacs.spool import Spool


@contextmanager
def opened() -> Iterator[tuple[SendQueue, Spool]]:
    """Open the send queue and the spool for the block.

    Raises
    ------
    ExportError
        The data folder cannot be written.
    """
    database = Database(places.database_file())
    try:
        yield SendQueue(database), Spool(database, places.spool_folder())
    finally:
        database.close()
