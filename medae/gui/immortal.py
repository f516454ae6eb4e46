"""Keep PySide6 6.12 from wearing out None, True and False on Python 3.11.

Measured with 6.12.0 on 3.11.7: each Qt method that returns nothing gives away a reference to None that it does
not own. From Python 3.12 on these objects are immortal (PEP 683) and nothing happens; before, the count reaches
zero after some hundred repaints, and the process ends with "Fatal Python error: none_dealloc". So they are
given as many references here as no session can lose.
"""

import ctypes
import sys

_REFERENCES = 1 << 40


def make_singletons_immortal() -> None:
    """Raise the reference counts of None, True and False beyond reach; nothing to do from Python 3.12 on."""
    if sys.version_info < (3, 12) and sys.getrefcount(None) < _REFERENCES:
        for singleton in (None, True, False):
            # The reference count is the first field of every object (PyObject.ob_refcnt).
            ctypes.c_ssize_t.from_address(id(singleton)).value += _REFERENCES
