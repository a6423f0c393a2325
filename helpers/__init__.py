"""The code behind the dropout notebooks: what one of them teaches, the next import from here."""

import sys
import warnings

# On Macs, NumPy's @ may warn of what has not happened (NumPy's issues 28687 and 29820).
if sys.platform == "darwin":
    FALSE_WARNING = "(divide by zero|overflow|invalid value) encountered in matmul"
    warnings.filterwarnings("ignore", FALSE_WARNING, RuntimeWarning)
