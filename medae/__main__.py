"""Start of the program: ``medae`` and ``python -m medae``."""

import logging
import multiprocessing
import sys
import warnings


def main() -> None:
    """Run the command line; people see MedAE's own messages, not the libraries' warnings."""
    multiprocessing.freeze_support()
    _quieten()
    try:
        from medae.cli.app import app

        app(prog_name="medae")
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(130)


def _quieten() -> None:
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    logging.getLogger().addHandler(logging.NullHandler())
    own = logging.StreamHandler()
    own.setFormatter(logging.Formatter("%(message)s"))
    logging.getLogger("medae").addHandler(own)


if __name__ == "__main__":
    main()
