"""Kernels of the Python that runs, whatever kernels and start-up files the machine has."""

from pathlib import Path

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from traitlets import default

NAME = "python3"
OWN_IPYTHON = Path(__file__).resolve().parent.parent / "build" / "ipython"
SETTINGS = {  # not a reader's start-up files, nor a backend that is not installed
    "IPYTHONDIR": str(OWN_IPYTHON),
    "PYTHONSTARTUP": "",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}


class ThisPythonOnly(KernelSpecManager):
    """Gives a kernel of the running Python, whatever kernel a notebook names."""

    def find_kernel_specs(self) -> dict[str, str]:
        """There is one."""
        return {NAME: RESOURCES}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the kernel of the running Python."""
        return KernelSpec(resource_dir=RESOURCES, env=SETTINGS, **get_kernel_dict())


class KernelOfThisPython(AsyncKernelManager):
    """Starts kernels of the running Python."""

    @default("kernel_spec_manager")
    def _this_python_only(self) -> ThisPythonOnly:
        return ThisPythonOnly(parent=self)
