"""Checkpoints: the same bits after any stop, and a file that is damaged is no training."""

import os
import random
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from small_training import new_run, outcome

from helpers.noise import MODES
from helpers.training import train
from tools import files
from tools.experiments.checkpoints import Checkpoint, saved_epochs

UNREADABLE = r"^checkpoint .*run\.npz cannot be read, it is damaged or of another version: .*{}.*"


class Stop(Exception):
    """Leaves the training, as the end of the process does."""


def run_saved(path, run, stop_after=None):
    """Train with a checkpoint, or the part until the epoch ``stop_after``; return the history."""

    def stop(state):
        if len(state.history.loss) == stop_after:
            raise Stop

    network, x, labels, settings, rng = run
    saved = Checkpoint(path, network, rng, settings, [x, labels])
    state = saved.load()
    return train(network, x, labels, settings, rng, after_epoch=[saved, stop], state=state)


def finish(path, mode="slice"):
    """Train to the end, from the checkpoint if there is one, and return the outcome."""
    run = new_run(mode, dtype=np.float32)
    return outcome(run[0], run_saved(path, run))


@pytest.mark.parametrize("mode", MODES)
def test_a_training_that_is_resumed_after_any_epoch_ends_with_the_same_bits(tmp_path, mode):
    run = new_run(mode, dtype=np.float32)
    wanted = outcome(run[0], train(*run))
    for n_epochs in (1, 2, 3):
        path = tmp_path / "new" / "folder" / f"{n_epochs}.npz"
        with pytest.raises(Stop):
            run_saved(path, new_run(mode, dtype=np.float32), stop_after=n_epochs)
        assert saved_epochs(path) == n_epochs
        assert finish(path, mode) == wanted
        assert finish(path, mode) == wanted  # nothing is left to do
    assert sorted(os.listdir(path.parent)) == ["1.npz", "2.npz", "3.npz"]
    assert saved_epochs(tmp_path / "none.npz") == 0


@pytest.mark.parametrize("bits", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_every_bit_generator_goes_on_where_it_was(tmp_path, bits):
    options = {"mode": "gaussian", "dtype": np.float32, "bits": bits}  # keeps half of a word back
    undisturbed = new_run(**options)
    history = train(*undisturbed)
    with pytest.raises(Stop):
        run_saved(tmp_path / "run.npz", new_run(**options), stop_after=1)
    resumed = new_run(**options, seed=5)  # whatever its state is
    again = run_saved(str(tmp_path / "run.npz"), resumed)
    assert outcome(resumed[0], again) == outcome(undisturbed[0], history)
    assert resumed[-1].random(9).tolist() == undisturbed[-1].random(9).tolist()


def assert_refused(message, path, run):
    """The checkpoint is refused, and neither network nor generator are touched."""
    network, x, labels, settings, rng = run
    before, state = network.parameters.copy(), repr(rng.bit_generator.state)
    content = path.read_bytes()
    with pytest.raises(ValueError, match=message):
        Checkpoint(path, network, rng, settings, [x, labels]).load()
    np.testing.assert_array_equal(network.parameters, before)
    assert repr(rng.bit_generator.state) == state
    assert path.read_bytes() == content


@pytest.fixture
def saved(tmp_path):
    """The checkpoint of a training that has come to its end."""
    run_saved(tmp_path / "run.npz", new_run())
    return tmp_path / "run.npz"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"epochs": 4}, "epochs is 3 there, 4 here"),
        ({"max_norm": 2}, "max_norm is None there, 2.0 here"),
        ({"mode": "slice"}, "mode is 'mask' there, 'slice' here"),
        ({"sizes": (4, 5, 6, 3)}, r"sizes is \[4, 6, 5, 3\] there, \[4, 5, 6, 3\] here"),
        ({"dtype": np.float32}, "dtype is 'float64' there, 'float32' here"),
        ({"bits": "MT19937"}, "generator is 'PCG64' there, 'MT19937' here"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(saved, changed, message):
    assert_refused(f"is of another training: {message}; name another", saved, new_run(**changed))


@pytest.mark.parametrize("changed", ["x", "labels"])
def test_a_checkpoint_of_other_data_is_refused(saved, changed):
    network, x, labels, *rest = new_run()
    if changed == "x":
        x[3, 2] += 1e-15
    else:
        labels[3] = (labels[3] + 1) % 3
    message = r"of another training: the checksum of the data is \d+ there, \d+ here; name another"
    assert_refused(message, saved, (network, x, labels, *rest))


def test_a_file_that_cannot_be_saved_is_known_before_the_first_epoch(tmp_path):
    (tmp_path / "file").touch()
    network, x, labels, settings, rng = new_run()
    with pytest.raises(OSError, match=r"checkpoint needs a folder, .*file: "):
        Checkpoint(tmp_path / "file" / "run.npz", network, rng, settings, [x, labels])
    with pytest.raises(ValueError, match=r"^checkpoint must end in \.npz, got run\.txt$"):
        Checkpoint("run.txt", network, rng, settings, [x, labels])
    with pytest.raises(TypeError, match=r"^checkpoint must be a path, got 5$"):
        Checkpoint(5, network, rng, settings, [x, labels])


def test_a_home_folder_is_the_reader_s(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    network, x, labels, settings, rng = new_run()
    Checkpoint("~/kept/run.npz", network, rng, settings, [x, labels])
    assert (tmp_path / "kept").is_dir()


# ---- damage ------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), MemoryError("no room")])
def test_a_disk_or_machine_that_fails_is_no_damaged_checkpoint(monkeypatch, saved, error):
    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(np, "load", fail)
    with pytest.raises(type(error), match=re.escape(str(error))):
        run_saved(saved, new_run())


def test_a_checkpoint_that_is_cut_off_is_refused(saved):
    whole = saved.read_bytes()
    for length in [*range(0, len(whole), 307), len(whole) - 1]:
        saved.write_bytes(whole[:length])
        assert_refused(UNREADABLE.format("(Error|BadZipFile)"), saved, new_run())


def test_a_flipped_bit_in_a_checkpoint_is_refused_or_does_no_harm(saved):
    """A zip file has a few bits that nothing depends on, such as those of its date."""
    wanted = outcome(*(run := new_run())[:1], run_saved(saved, run))
    whole, chooser, n_refused = saved.read_bytes(), random.Random(0), 0
    places = range(0, len(whole), 7)
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << chooser.randrange(8)
        saved.write_bytes(damaged)
        run = new_run()
        before = run[0].parameters.copy()
        try:
            assert outcome(run[0], run_saved(saved, run)) == wanted
        except ValueError as error:
            assert re.search(UNREADABLE.format(""), str(error))
            np.testing.assert_array_equal(run[0].parameters, before)
            n_refused += 1
    assert 0.6 * len(places) < n_refused < len(places)


class Pickled:
    """Whoever unpickles this makes a folder."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def without_state(about):
    about["rng"] = {"bit_generator": about["rng"]["bit_generator"]}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (lambda arrays, folder: {"images": np.zeros(3)}, "parameters"),
        (lambda arrays, folder: {**arrays, "change": np.array([Pickled(folder)])}, "allow_pickle"),
        (lambda arrays, folder: {"about": arrays["about"]}, "parameters"),
        (lambda arrays, folder: {**arrays, "change": arrays["change"][:1]}, "change has shape"),
        (lambda arrays, folder: {**arrays, "change": arrays["change"] * np.nan}, "are not finite"),
        (
            lambda arrays, folder: {**arrays, "parameters": arrays["parameters"].astype("f4")},
            r"parameters has shape \(83,\), dtype float32",
        ),
        (
            lambda arrays, folder: {
                **arrays,
                "about": re.sub(r'"state": \{.*?\}', '"state": 5', str(arrays["about"])),
            },
            "Error",
        ),
        (
            lambda arrays, folder: {
                **arrays, "about": str(arrays["about"]).replace('"loss": [', '"loss": [1.0, ')
            },
            r"\[4, 3, 3\] losses",
        ),
    ],
    ids=["other arrays", "pickle", "no arrays", "shape", "nan", "dtype", "generator", "history"],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(saved, tmp_path, changed, reason):
    with np.load(saved) as file:
        arrays = dict(file)
    np.savez(saved, **changed(arrays, tmp_path / "unpickled"))
    assert_refused(UNREADABLE.format(reason), saved, new_run())
    assert not (tmp_path / "unpickled").exists()
    saved.write_text("a diary")
    for look in (lambda: saved_epochs(saved), lambda: finish(saved)):
        with pytest.raises(ValueError, match=UNREADABLE.format(r"no \.npz file")):
            look()


# ---- at the worst moment -----------------------------------------------------------------------

KILLED = """
import io, os, signal, sys
from pathlib import Path
import numpy as np
from test_checkpoints import finish

path, moment = Path(sys.argv[1]), sys.argv[2]
savez, replace, saves = np.savez, Path.replace, []

def write(file, **arrays):
    saves.append(0)
    if len(saves) == 2 and moment == "while writing":
        whole = io.BytesIO()
        savez(whole, **arrays)
        file.write(whole.getvalue()[: whole.tell() // 2])
        file.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    savez(file, **arrays)

def rename(self, target):
    if len(saves) == 2 and moment == "before renaming":
        os.kill(os.getpid(), signal.SIGKILL)
    replace(self, target)

np.savez, Path.replace = write, rename
finish(path)
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
@pytest.mark.parametrize("moment", ["while writing", "before renaming"])
def test_a_training_killed_at_the_worst_moment_resumes(tmp_path, moment):
    path = tmp_path / "run.npz"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["tests", "."])}
    command = [sys.executable, "-c", KILLED, path, moment]
    assert subprocess.run(command, env=environment).returncode == -signal.SIGKILL
    assert sorted(os.listdir(tmp_path)) == ["run.npz", "run.npz.part"]
    assert saved_epochs(path) == 1
    assert finish(path) == finish(tmp_path / "another.npz")
    assert sorted(os.listdir(tmp_path)) == ["another.npz", "run.npz"]


@pytest.mark.skipif(files.fcntl is None, reason="Windows cannot lock a folder")
def test_two_trainings_with_one_checkpoint_save_in_turns(monkeypatch, tmp_path):
    """A process left behind by one that was killed may train what is trained again here."""
    path = tmp_path / "run.npz"
    whole = finish(path)
    saved = path.read_bytes()
    path.unlink()
    asked, flock = threading.Event(), files.fcntl.flock
    with ThreadPoolExecutor() as threads:
        with files.alone_in(tmp_path), files.replacing(path) as file:
            file.write(saved[:1000])
            monkeypatch.setattr(files.fcntl, "flock", lambda *a: (asked.set(), flock(*a)))
            training_here = threads.submit(finish, path)
            assert asked.wait(timeout=60)
            file.write(saved[1000:])
        assert training_here.result() == whole
    assert os.listdir(tmp_path) == ["run.npz"]


def test_a_folder_is_no_checkpoint(tmp_path):
    folder = tmp_path / "run.npz"
    folder.mkdir()
    with pytest.raises(IsADirectoryError, match="checkpoint must be a file, got the folder"):
        Checkpoint(folder, None, None, None, [])
