"""Open the lessons in JupyterLab (``make lab``).

The file browser shows the whole project, so that the helpers can be read beside the notebooks.
Without a screen no browser is tried; the address that Jupyter prints leads to the first notebook.
"""

import os
import sys
from pathlib import Path

from jupyterlab.labapp import LabApp

PROJECT = Path(__file__).resolve().parent.parent
FIRST_NOTEBOOK = "notebooks/01_forward_pass.ipynb"


def lab_options() -> list[str]:
    """The options for JupyterLab on this machine."""
    options = [
        f"--ServerApp.root_dir={PROJECT}",
        f"--LabApp.default_url=/lab/tree/{FIRST_NOTEBOOK}",
    ]
    if sys.platform.startswith("linux") and not has_screen():
        options.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")  # Jupyter refuses to run as root without it
    return options


def has_screen() -> bool:
    """Whether a window can open on this Linux session."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    LabApp.launch_instance([*lab_options(), *sys.argv[1:]])
