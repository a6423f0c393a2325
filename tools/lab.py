"""Open your copies of the lessons in JupyterLab (``make lab``).

They are in ``work/`` (see ``tools/copies.py``), so that the originals, which the tests compare,
stay as they are. The file browser shows the whole project, so that the helpers can be read beside
them. Without a screen no browser is tried; the address that Jupyter prints leads to the first
notebook.
"""

import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from jupyterlab.labapp import LabApp

from tools.copies import PROJECT, bring, damaged, left_over

FIRST_NOTEBOOK = "01_forward_pass.ipynb"
NO_NEWS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}
}


def lab_options(folder: str = "work", arguments: Sequence[str] = ()) -> list[str]:
    """The options for JupyterLab on this machine; ``arguments`` may name another file to open."""
    paths = [PROJECT / argument for argument in arguments]
    named = [path for path in paths if path.is_file() and path.is_relative_to(PROJECT)]
    first = named[0] if named else PROJECT / folder / FIRST_NOTEBOOK
    options = [
        f"--ServerApp.root_dir={PROJECT}",
        f"--LabApp.default_url=/lab/tree/{first.relative_to(PROJECT).as_posix()}",
        # the project's own Python as the only kernel, whatever kernels this machine has
        "--ServerApp.kernel_spec_manager_class=tools.kernels.ThisPythonOnly",
    ]
    if sys.platform.startswith("linux") and not has_screen():
        options.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")  # Jupyter refuses to run as root without it
    return options


def has_screen() -> bool:
    """Whether a window can open on this Linux session."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def ask_for_no_news(environment: Path = Path(sys.prefix)) -> None:
    """In the project's own environment, JupyterLab does not ask whether it may fetch news."""
    settings = environment / "share" / "jupyter" / "lab" / "settings"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "overrides.json").write_text(json.dumps(NO_NEWS), encoding="utf-8")


def copies_folder() -> str:
    """The folder of the copies, made where they are missing; says what there is to say."""
    try:
        changed = bring()
    except OSError as error:
        print(f"No copies can be made ({error}): these are the originals. Save elsewhere.")
        return "notebooks"
    print("Your copies of the lessons are in work/.")
    if gone := left_over():
        print(f"No lesson any more, or renamed: {', '.join(gone)}. What you wrote there stays.")
    for sentence in damaged():
        print(sentence)
    if changed:
        print(f"Changed since you began, or damaged: {', '.join(changed)}.")
        print("make fresh sets your copies of these aside and brings the new ones.")
    return "work"


if __name__ == "__main__":
    if Path(sys.prefix).parent == PROJECT:
        with suppress(OSError):  # where nothing can be written there will be news
            ask_for_no_news()
    if not os.environ.get("JUPYTER_PORT", "0").isdigit():  # as a cluster sets it: tcp://…
        del os.environ["JUPYTER_PORT"]
    os.environ.pop("JUPYTERLAB_DIR", None)  # the pages of another installation
    folder = copies_folder()
    try:
        LabApp.launch_instance([*lab_options(folder, sys.argv[1:]), *sys.argv[1:]])
    except OSError as error:  # a home that cannot be written in
        print(f"error: JupyterLab cannot begin: {error}", file=sys.stderr)
        print(
            "It writes into your home folder, or where JUPYTER_CONFIG_DIR, JUPYTER_DATA_DIR and "
            "JUPYTER_RUNTIME_DIR say; HOME=/tmp/home make lab names another."
        )
        sys.exit(1)
