"""Whether a progress bar has somebody to watch it."""

from __future__ import annotations

import sys


def somebody_watches() -> bool:
    """True in a terminal and in Jupyter, whose stderr is no terminal; False in a log or a pipe."""
    return sys.stderr.isatty() or type(sys.stderr).__module__.startswith("ipykernel")
