"""Laws of `helpers.mnist`, and every way in which its file can be wrong."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import mnist
from helpers.full_mnist import FILES, load_mnist


def test_sample_is_interleaved_and_its_split_is_a_balanced_cut():
    images, labels = mnist.load_sample()
    assert (images.shape, images.dtype, labels.dtype) == ((5000, 28, 28), np.uint8, np.uint8)
    np.testing.assert_array_equal(labels.reshape(500, 10), np.tile(np.arange(10), (500, 1)))
    assert len(np.unique(images.reshape(5000, -1), axis=0)) == 5000  # no image is there twice

    train_images, train_labels, test_images, test_labels = mnist.sample_split()
    np.testing.assert_array_equal(np.concatenate([train_images, test_images]), images)
    np.testing.assert_array_equal(np.concatenate([train_labels, test_labels]), labels)
    assert (len(train_images), len(train_labels)) == (4000, 4000)


@pytest.mark.skipif(not os.environ.get("MNIST_DIR"), reason="MNIST_DIR names no folder")
def test_the_sample_is_the_first_500_of_each_digit_of_the_official_training_set():
    loaded = load_mnist(os.environ["MNIST_DIR"])
    assert [array.shape for array in loaded] == [shape for *_, shape in FILES.values()]
    train_images, train_labels, _, test_labels = loaded
    assert set(train_labels) == set(test_labels) == set(range(10))
    images, _ = mnist.load_sample()
    for digit in range(10):
        np.testing.assert_array_equal(images[digit::10], train_images[train_labels == digit][:500])


def test_importing_loads_nothing_that_only_a_download_needs():
    code = "import sys, helpers.mnist; light = set(sys.modules); import helpers.full_mnist; "
    code += "print({'gzip', 'hashlib'} & light, {'pooch', 'requests', 'tqdm'} & {*sys.modules})"
    command, project = [sys.executable, "-c", code], Path(__file__).parents[1]
    assert subprocess.check_output(command, text=True, cwd=project) == "set() set()\n"


class Exploding:
    """Writes a file when it is unpickled."""

    def __reduce__(self):
        return (Path.touch, (Path("it ran"),))


IMAGES = np.zeros((5000, 28, 28), np.uint8)
LABELS = np.tile(np.arange(10, dtype=np.uint8), 500)
BOMB = np.array([Exploding()], dtype=object)


SAMPLE = mnist.SAMPLE_FILE.read_bytes()


def npz(**arrays):
    return lambda file: np.savez(file, **arrays)


NOT_THE_SAMPLE = {
    "a pickle": lambda file: pickle.dump(BOMB, file),
    "a pickle in .npy": lambda file: np.save(file, BOMB, allow_pickle=True),
    "a pickle in .npz": npz(images=BOMB, labels=LABELS),
    "an .npy": lambda file: np.save(file, LABELS),
    "nothing": lambda file: None,
    "a page": lambda file: file.write(b"<html>log in to the network first</html>"),
    "a cut": lambda file: file.write(SAMPLE[:400_000]),
    "damage inside": lambda file: file.write(SAMPLE[:400_000] + bytes(50) + SAMPLE[400_050:]),
    "damage where data begin": lambda file: file.write(SAMPLE[:60] + b"\xff" * 50 + SAMPLE[110:]),
    "no labels": npz(images=IMAGES),
    "few images": npz(images=IMAGES[:-1], labels=LABELS),
    "signed images": npz(images=IMAGES.astype(np.int8), labels=LABELS),
    "labels in a column": npz(images=IMAGES, labels=LABELS[:, None]),
    "labels that are floats": npz(images=IMAGES, labels=LABELS.astype(float)),
    "labels in another order": npz(images=IMAGES, labels=LABELS[::-1]),
}


@pytest.mark.parametrize("write", NOT_THE_SAMPLE.values(), ids=NOT_THE_SAMPLE)
def test_another_file_in_place_of_the_sample_is_refused_and_never_unpickled(
    monkeypatch, tmp_path, write
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(mnist, "SAMPLE_FILE", tmp_path / "other.npz")
    with pytest.raises(FileNotFoundError, match=r"other\.npz"):
        mnist.load_sample()
    with open("other.npz", "wb") as file:
        write(file)
    with pytest.raises(ValueError, match=r"other\.npz must be .*: (?!None$)"):
        mnist.load_sample()
    assert not Path("it ran").exists()


# Worked out apart from the code: what black, a pixel of 128 and white become.
SCALED = {
    "x / 252.46": (0, 0.507011, 1.010061),
    "x / 255": (0, 0.501961, 1),
    "x * (0.99 / 255)": (0, 0.496941, 0.99),
    "x * (0.99 / 255) + 0.01": (0.01, 0.506941, 1),
}
PIXELS = np.resize(np.arange(256, dtype=np.uint8), (2, 784))


@pytest.mark.parametrize("scaling", SCALED)
def test_scale_pixels_maps_every_pixel_to_its_place(scaling):
    scaled = mnist.scale_pixels(PIXELS, scaling)
    assert scaled.dtype == np.float64
    np.testing.assert_allclose(scaled[0, [0, 128, 255]], SCALED[scaling], atol=1e-6)
    np.testing.assert_array_equal(scaled, eval(scaling, {"x": PIXELS.astype(float)}))
    np.testing.assert_array_equal(mnist.scale_pixels(PIXELS.reshape(2, 28, 28), scaling), scaled)
    if scaling == "x / 255":
        np.testing.assert_array_equal(mnist.scale_pixels(PIXELS), scaled)
        units = mnist.unit_pixels(PIXELS)
        assert units.dtype == np.float32
        np.testing.assert_array_equal(units, scaled.astype(np.float32))


def test_each_scaling_is_there_in_two_ways_computed_as_written_that_differ_by_rounding_alone():
    x = np.arange(256.0)
    for name, scale in mnist.SCALINGS.items():
        np.testing.assert_array_equal(scale(x), eval(name, {"x": x}))
    ways = list(mnist.SCALINGS.values())
    assert len(ways) == 2 * len(SCALED)
    for one, other in zip(ways[::2], ways[1::2], strict=True):
        assert 0 < np.abs(one(x) - other(x)).max() < 3e-16


@pytest.mark.parametrize("scale", [mnist.scale_pixels, mnist.unit_pixels])
@pytest.mark.parametrize(
    ("shape", "dtype", "error"),
    [
        ((2, 784), float, TypeError),
        ((2, 783), np.uint8, ValueError),
        ((28, 28), np.uint8, ValueError),
        ((0, 28, 28), np.uint8, ValueError),
    ],
)
def test_what_are_no_images_is_refused(scale, shape, dtype, error):
    with pytest.raises(error, match=r"^images must"):
        scale(np.zeros(shape, dtype))
    with pytest.raises(ValueError, match=r"^scaling must be one of x / 252\.46, .* got 'x / 256'$"):
        mnist.scale_pixels(PIXELS, "x / 256")


@given(
    labels=st.lists(st.integers(0, 11), min_size=1),
    column=st.booleans(),
    dtype=st.sampled_from([np.uint8, np.int64, np.float32]),
)
def test_one_hot_has_its_peak_at_the_label(labels, column, dtype):
    array = np.array(labels, dtype)
    targets = mnist.one_hot(array[:, None] if column else array, 12, off=-1, on=2)
    assert targets.dtype == np.float64
    assert targets.argmax(axis=1).tolist() == labels
    assert np.sort(targets, axis=1).tolist() == [[-1.0] * 11 + [2.0]] * len(labels)
    assert mnist.one_hot([9]).tolist() == [[0.01] * 9 + [0.99]]  # for ten digits by default


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("labels", {"labels": [0, 10]}),
        ("labels", {"labels": [0, 3], "n_classes": 3}),
        ("n_classes", {"labels": [0], "n_classes": 0}),
        ("off", {"labels": [0], "off": float("nan")}),
        ("on", {"labels": [0], "on": float("inf")}),
    ],
)
def test_one_hot_refuses(name, arguments):
    with pytest.raises(ValueError, match=f"^{name} must"):
        mnist.one_hot(**arguments)
