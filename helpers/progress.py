"""Whether a progress bar has somebody to watch it."""

from __future__ import annotations

import sys


def somebody_watches() -> bool:
    """True in a terminal and in Jupyter, whose stderr is no terminal; False in a log or a pipe."""
    if sys.stderr is None:  # a program without a console on Windows
        return False
    return sys.stderr.isatty() or type(sys.stderr).__module__.startswith("ipykernel")
