"""Ctrl-C, and "interrupt kernel" in Jupyter, at a moment when nothing is half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

Step = TypeVar("Step")


def whole_steps(steps: Iterable[Step], place: str, n_steps: int) -> Iterator[Step]:
    """Yield from ``steps``, of which there are ``n_steps``; Ctrl-C waits for the end of one.

    Then it raises ``KeyboardInterrupt``, whose message says after which step of ``place``. A second
    Ctrl-C does not wait. Where no Python function answers to Ctrl-C (it is ignored), and in a
    thread that is not the main one, it is as without this. Leave the loop and all is as before.
    """
    asked = False

    def ask(number: int, frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt  # the second one does not wait
        asked = True

    before = signal.getsignal(signal.SIGINT)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield from steps
        return
    signal.signal(signal.SIGINT, ask)
    try:
        for k, step in enumerate(steps, start=1):
            yield step
            if asked:
                raise KeyboardInterrupt(
                    f"training interrupted in {place}, after batch {k} of {n_steps}; the network "
                    f"keeps what it has learned"
                )
    finally:
        signal.signal(signal.SIGINT, before)
