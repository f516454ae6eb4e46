"""Start of the program: ``medae`` and ``python -m medae``."""

import logging
import multiprocessing
import os
import sys
import warnings

INTERRUPTED = 130
"""Exit code after Ctrl+C, as shells give it."""


def main() -> None:
    """Run the command line; people see MedAE's own messages, not the libraries' warnings."""
    multiprocessing.freeze_support()
    _quieten()
    try:
        from medae.cli.app import app

        app(prog_name="medae")
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        _leave_interrupted()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _leave_interrupted()
        raise


def _leave_interrupted() -> None:
    """Leave with 130; Python itself may die of SIGINT instead, when Ctrl+C came during an import."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)


def _quieten() -> None:
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    logging.getLogger().addHandler(logging.NullHandler())
    own = logging.StreamHandler()
    own.setFormatter(logging.Formatter("%(message)s"))
    logging.getLogger("medae").addHandler(own)


if __name__ == "__main__":
    main()
