"""What anybody's dropout must keep: `diagnose` tries it, and says which law it breaks, and why.

Dropout here is the plain kind of notebook 02: each unit of each sample is dropped by itself with
probability ``drop``, and what stays is scaled, in training or when predicting. The laws stand in
``helpers.laws``, ``laws_of_chance`` and ``laws_of_gradients``, what they look at in ``trial``, and
how to call what is written otherwise in ``adaptors``.

>>> def forward(x, training, rng):
...     return x * (rng.random(x.shape) >= 0.2) / 0.2 if training else x
>>> print(diagnose(forward, drop=0.2).failures)
['mean']
"""

from __future__ import annotations

import html
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from helpers.laws import LAWS
from helpers.laws_of_chance import BY_CHANCE
from helpers.trial import Broken, Skipped, Trial
from helpers.validation import check_count, check_flag, check_number


@dataclass
class Report:
    """What `diagnose` found. ``broken`` and ``skipped`` say of a law what was seen, and why not."""

    kept: list[str] = field(default_factory=list)
    broken: dict[str, tuple[str, str]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        """The names of the broken laws."""
        return list(self.broken)

    @property
    def passed(self) -> bool:
        """Whether no law is broken; some may have been skipped."""
        return not self.broken

    def rows(self) -> list[tuple[str, str, str]]:
        """For each law its name, ``kept``, ``BROKEN`` or ``skipped``, and what there is to say."""
        said = {law: ("kept", LAWS[law].__doc__) for law in self.kept}
        for law, (seen, mistake) in self.broken.items():
            said[law] = ("BROKEN", f"{seen}: {mistake}?" if mistake else seen)
        said |= {law: ("skipped", reason) for law, reason in self.skipped.items()}
        return [(law, *said[law]) for law in LAWS if law in said]

    def __str__(self) -> str:
        lines = [f"{law:20} {state:8} {text}" for law, state, text in self.rows()]
        return "\n".join([*lines, *(f"remark: {remark}" for remark in self.remarks)])

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self.rows()
        )
        remarks = "".join(f"<p>Remark: {html.escape(remark)}</p>" for remark in self.remarks)
        return f"<table>{rows}</table>{remarks}"


def diagnose(
    forward: Callable,
    backward: Callable | None = None,
    *,
    drop: float = 0.2,
    make: Callable | None = None,
    inplace: bool = False,
    level: float = 1e-6,
    seed: int = 0,
) -> Report:
    """Try all laws on a dropout that drops with probability ``drop``; return the `Report`.

    ``forward(x, training, rng)`` returns ``y`` or ``(y, cache)``, ``backward(grad, cache)`` the
    gradient for ``x``; ``x`` has shape (n_samples, n_units). ``make(drop)`` returns ``forward`` or
    ``(forward, backward)`` for other drops; without it the laws about 0, 1 and impossible drops are
    skipped. ``inplace``: whether it may write into its input. A right dropout breaks a law for at
    most the fraction ``level`` of all seeds, if it keeps these conventions, too: its mask rests on
    ``rng`` and the shape alone, nothing is written in place, float64 stays float64, a drop of 0 is
    accepted. Global random streams are put back as they were.
    Raises ``TypeError`` and ``ValueError`` for arguments that cannot be.
    """
    for name, function in (("forward", forward), ("backward", backward), ("make", make)):
        if not callable(function) and (function is not None or name == "forward"):
            star = "; write diagnose(*…) for a pair" if isinstance(function, tuple) else ""
            raise TypeError(f"{name} must be a function, got {function!r}{star}")
    for name, value in (("drop", drop), ("level", level)):
        check_number(name, value)
        if not 0 < value < 1:
            raise ValueError(f"{name} must be between 0 and 1, got {value}")
    check_flag("inplace", inplace)
    check_count("seed", seed, 0)
    report = Report()
    trial = Trial(
        forward, backward, float(drop), make, inplace, level / len(BY_CHANCE), seed, report
    )
    unable = getattr(forward, "unable", {})  # of an adaptor: law -> reason
    put_back = getattr(forward, "put_back", lambda: None)  # of an adaptor: its layer's mode
    with _as_before(put_back), np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for law, holds in LAWS.items():
            try:
                if law in unable:
                    raise Skipped(unable[law])
                holds(trial)
            except Broken as broken:
                report.broken[law] = broken.seen, broken.mistake
            except Skipped as skipped:
                report.skipped[law] = str(skipped)
            except (Exception, SystemExit) as error:  # somebody else's code may raise anything
                report.broken[law] = f"raises {type(error).__name__}: {error}", ""
            else:
                report.kept.append(law)
            if law == "shape" and "shape" in report.broken:
                report.skipped |= dict.fromkeys(list(LAWS)[1:], "there is no output to look at")
                break
    return report


@contextmanager
def _as_before(put_back: Callable) -> Iterator[None]:
    """Put the global random streams back, and what ``put_back`` does, also after Ctrl-C."""
    of_numpy, of_python = np.random.get_state(), random.getstate()  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(of_numpy)  # noqa: NPY002
        random.setstate(of_python)
        put_back()
