"""The laboratory: experiments that take too long for a notebook, recorded in ``results/``.

::

    python -m tools.experiments --list       names them, and says how far each is
    python -m tools.experiments run NAME     makes the runs that are missing
    python -m tools.experiments table        writes results/paper.md anew

Every finished run is recorded in ``results/NAME.jsonl`` at once, and what is recorded is not made
again: what was stopped goes on where it was. ``all_experiments`` names the modules that hold the
settings of each and its number of seeds.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys

from helpers.recorded import RESULTS
from tools.experiments import records
from tools.experiments.all_experiments import EXPERIMENTS
from tools.experiments.experiment import Task

# Ctrl-C, a polite kill, and a window that is closed, which Windows does not tell
STOPS = [getattr(signal, one) for one in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, one)]


def main(arguments: list[str] | None = None) -> None:
    """The command line. Ends with 1 if a run failed, with 130 by Ctrl-C, as shells expect it."""
    options = _parser().parse_args(arguments)
    try:
        if options.list and options.command:
            raise ValueError(f"--list must stand alone, got {options.command}, too")
        if options.command == "run":
            _run(options)
        elif options.command == "table":
            from tools.experiments import paper_page

            print(paper_page.write(RESULTS))
        elif options.list:
            if hasattr(signal, "SIGPIPE"):  # as in a pipe into head
                signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            _list()
        else:
            _parser().print_help()
    except ModuleNotFoundError as error:
        need = "python -m pip install -r tools/experiments/requirements.txt"
        raise SystemExit(f"error: {error}; {need} installs what is needed") from error
    except (ValueError, OSError, RuntimeError) as error:
        raise SystemExit(f"error: {error}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.experiments")
    parser.add_argument("--list", action="store_true", help="name the experiments")
    commands = parser.add_subparsers(dest="command")
    runner = commands.add_parser("run", help="make the missing runs of one")
    runner.add_argument("name", choices=EXPERIMENTS, help="of the experiment")
    runner.add_argument(
        "--seeds", type=_seeds, help="runs of each setting (default: as many as the experiment has)"
    )
    runner.add_argument(
        "--jobs", type=int, default=-1, help="processes at once (default: one a core)"
    )
    runner.add_argument(
        "--only", action="append", metavar="SETTING", help="only this setting; may be repeated"
    )
    runner.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="let all workers of a Dask cluster do it: tcp://HOST:PORT",
    )
    commands.add_parser("table", help="write results/paper.md anew from what is recorded")
    return parser


def _seeds(text: str) -> int:
    """A number of seeds that fit into a list."""
    if not 0 < int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"must be from 1 to 100000, got {text}")
    return int(text)


def _list() -> None:
    """Print how many runs of each experiment are recorded, and of the settings that lack some."""
    for name, experiment in EXPERIMENTS.items():
        try:
            runs = _recorded(name)
        except ValueError as error:  # the others can be told all the same
            print(f"{name}: error: {error}")
            continue
        grid = f"settings: {len(experiment.settings)}, seeds: {experiment.seeds}"
        print(f"{name}: {_count(runs, experiment.tasks())} ({grid})")
        for setting in experiment.settings:
            tasks = experiment.tasks(settings=[setting])
            if not set(tasks) <= set(runs):
                print(f"    {setting}: {_count(runs, tasks)}")


def _run(options: argparse.Namespace) -> None:
    """Do what the command ``run`` asks; say where it stands if it is stopped."""
    name, seeds, only = options.name, options.seeds, options.only

    def stop(number: int, _: object) -> None:
        for one in STOPS:
            signal.signal(one, signal.SIG_IGN)  # a second one would stop the cleaning up
        asked.append(number)
        raise KeyboardInterrupt

    def said() -> str:
        count = _count(_recorded(name), EXPERIMENTS[name].tasks(seeds, only))
        return f"{count} recorded in {RESULTS / name}.jsonl"

    logging.disable()  # what matters of Dask's log comes as an error
    asked: list[int] = []
    for one in STOPS:
        signal.signal(one, stop)
    try:
        from tools.experiments import engine  # Dask takes half a second to load

        engine.run(name, seeds, options.jobs, options.scheduler, only, RESULTS)
    except KeyboardInterrupt:
        print(f"stopped: {said()}; the same command goes on from there", file=sys.stderr)
        raise SystemExit(128 + (asked or [signal.SIGINT])[0]) from None
    print(said())


def _recorded(name: str) -> list[Task]:
    runs = records.read(RESULTS / f"{name}.jsonl", records.header_of(name))
    return [(run["setting"], run["seed"]) for run in runs]


def _count(recorded: list[Task], wanted: list[Task]) -> str:
    """How many of what is wanted is recorded: "3 of 6 runs"."""
    return f"{len(set(recorded) & set(wanted))} of {len(wanted)} runs"


if __name__ == "__main__":
    main()
