"""What every test run needs, those of the notebooks included (so it lies above both folders)."""

import os
import sys
from pathlib import Path

from tools.no_settings import leave_out_settings

# NumPy, which matplotlib loads, looks for the number of its threads once.
if "PYTEST_XDIST_WORKER" in os.environ:  # each process, and its kernel, has a core of its own
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
leave_out_settings()

import matplotlib  # noqa: E402
import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402
from nbval.plugin import IPyNbFile  # noqa: E402

import helpers  # noqa: E402
from tools.answers import compared, remarks  # noqa: E402
from tools.copies import is_damaged, told_damaged  # noqa: E402

PROJECT = Path(__file__).parent

# The kernels of the notebooks inherit the environment, and nothing else of this process.
# A warning that a cell or a helper causes is an error there. Warnings of other modules
# (Jupyter's own, say) are left alone: where one is shown, nbval compares it with the stored output.
FILES = [path.relative_to(PROJECT) for path in sorted((PROJECT / "helpers").rglob("*.py"))]
OURS = ["__main__", *(".".join(path.with_suffix("").parts) for path in FILES)]
OURS = [module.removesuffix(".__init__") for module in OURS]
os.environ["PYTHONWARNINGS"] = ",".join(f"error:::{module}" for module in OURS)
# A progress bar prints seconds, which differ from run to run.
os.environ["TQDM_DISABLE"] = "1"

# Unit tests draw without a window. (Not by MPLBACKEND: the kernels would inherit that.)
matplotlib.use("agg")


def pytest_configure(config):
    """Let NumPy's false warnings on Macs be none here, either."""
    if sys.platform == "darwin":
        config.addinivalue_line("filterwarnings", f"ignore:{helpers.FALSE_WARNING}:RuntimeWarning")


class Lesson(IPyNbFile):
    """A notebook whose cells nbval compares: as committed, where it holds a reader's answers."""

    def collect(self):
        """The cells."""
        if is_damaged(self.path):
            raise self.CollectError(told_damaged(self.path))
        own, self.path = self.path, compared(self.path)
        yield from super().collect()
        self.path = own


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Let `Lesson` take the place of nbval's own class."""
    return [
        Lesson.from_parent(parent, path=file_path) if type(one) is IPyNbFile else one
        for one in (yield)
    ]


def pytest_terminal_summary(terminalreporter):
    """Say which lessons hold a reader's answers."""
    for remark in remarks():
        terminalreporter.write_line(remark)


# A slow machine is no failure; hypothesis' own profile for CI stays in force where it is active.
settings.register_profile("lesson", settings.default, deadline=None)
settings.load_profile("lesson")
