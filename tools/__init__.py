"""What the make targets run."""

import sys

_tell = sys.excepthook


def _in_one_line(kind, error, trace):
    """Say of Ctrl-C that it was one, also where it comes while modules are still imported."""
    if issubclass(kind, KeyboardInterrupt):
        print("stopped", file=sys.stderr)
    else:
        _tell(kind, error, trace)


sys.excepthook = _in_one_line
