"""Leave a reader's settings of matplotlib and IPython out of what is compared or stored."""

import os
from pathlib import Path

NO_SETTINGS = Path(__file__).resolve().parent.parent / "build" / "no-settings"


def leave_out_settings() -> None:
    """Let matplotlib and IPython, here and in kernels that inherit this, read an empty folder.

    Matplotlib reads its settings as soon as it is imported, so this comes first.
    """
    NO_SETTINGS.mkdir(parents=True, exist_ok=True)
    os.environ["IPYTHONDIR"] = os.environ["MPLCONFIGDIR"] = str(NO_SETTINGS)
    for variable in ("MATPLOTLIBRC", "MPLBACKEND"):
        os.environ.pop(variable, None)
    import matplotlib.font_manager  # noqa: F401  # lists the fonts: in a cell, a warning may tell
