"""Kernels of the Python that runs, whatever kernels are installed on the machine."""

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from traitlets import default

NAME = "python3"


class ThisPythonOnly(KernelSpecManager):
    """Gives a kernel of the running Python, whatever kernel a notebook names."""

    def find_kernel_specs(self) -> dict[str, str]:
        """There is one."""
        return {NAME: RESOURCES}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the kernel of the running Python."""
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


class KernelOfThisPython(AsyncKernelManager):
    """Starts kernels of the running Python."""

    @default("kernel_spec_manager")
    def _this_python_only(self) -> ThisPythonOnly:
        return ThisPythonOnly(parent=self)
