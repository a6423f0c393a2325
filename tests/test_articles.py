"""What the notebooks compute, against test data about the two articles.

``data/article_a.json`` is computed from the steps that article A publishes, with its seed: on its
page the numbers of its run are pictures. Only one thing that its text says of the run can be held
against it: which nodes are shut off in the last epoch. ``data/article_b.json`` holds matrices and
indices that article B prints.
"""

import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from guards import NOTEBOOKS, PROJECT, Notebook

from helpers import figures
from helpers.functions import cross_entropy
from helpers.slicing import thin

DATA = Path(__file__).parent / "data"
A = json.loads((DATA / "article_a.json").read_text(encoding="utf-8"))
B = json.loads((DATA / "article_b.json").read_text(encoding="utf-8"))


def code_cells(name):
    (path,) = [path for path in NOTEBOOKS if path.stem == name]
    return [cell.source for cell in Notebook.read(path).code_cells]


# ---- article A ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def notebook_3():
    """The names that notebook 03 leaves behind, run from top to bottom without drawing."""
    legacy_stream = np.random.get_state()
    with pytest.MonkeyPatch.context() as patch, np.printoptions():
        patch.chdir(PROJECT / "notebooks")
        patch.setattr(sys, "path", sys.path.copy())
        patch.setattr(figures, "show", lambda figure, alt: None)
        namespace = {"__name__": "__main__"}
        for source in code_cells("03_backprop_with_the_mask"):
            exec(source, namespace)
    np.random.set_state(legacy_stream)
    return namespace


def close_to(golden):
    return pytest.approx(golden, rel=1e-10, abs=0)


def test_notebook_3_starts_as_the_code_of_article_a_does_with_its_seed(notebook_3):
    assert notebook_3["x"].ravel().tolist() == A["x"]
    assert notebook_3["y"].ravel().tolist() == [0, 1, 0, 0]
    assert notebook_3["losses"][0] == close_to(A["loss_before_training"])


def test_notebook_3_has_the_200_losses_of_the_steps_of_article_a(notebook_3):
    losses = notebook_3["losses"]
    assert len(losses) == 200
    assert all(later < earlier for earlier, later in pairwise(losses))
    for epoch, loss in A["loss_printed_at_epoch"].items():
        assert losses[int(epoch) - 1] == close_to(loss), f"epoch {epoch}"


def test_notebook_3_ends_as_the_steps_of_article_a_do(notebook_3):
    assert notebook_3["y_hat"].shape == (4, 1)
    assert notebook_3["y_hat"].ravel().tolist() == close_to(A["y_hat_after"])
    assert cross_entropy(notebook_3["y"], notebook_3["y_hat"]) == close_to(A["loss_after"])
    assert notebook_3["drop_H1_state"].tolist() == [[n] for n in A["drop_H1_state_last"]]
    assert notebook_3["drop_H2_state"].tolist() == [[n] for n in A["drop_H2_state_last"]]


@pytest.mark.parametrize(
    ("layer", "shape", "zero_rows", "zero_columns"),
    [
        # named in the text: node 1 of hidden layer 1, nodes 3 and 4 of hidden layer 2 are off
        (1, (3, 5), [0], []),
        (2, (5, 3), [2, 3], [0]),
        (3, (4, 5), [], [2, 3]),
    ],
)
def test_the_last_epoch_shuts_off_the_nodes_that_the_text_of_article_a_names(
    notebook_3, layer, shape, zero_rows, zero_columns
):
    stays = np.ones(shape, bool)
    stays[zero_rows] = False
    stays[:, zero_columns] = False
    gradient = notebook_3[f"grad_w{layer}"]
    np.testing.assert_array_equal(gradient != 0, stays)
    np.testing.assert_array_equal(notebook_3[f"grad_b{layer}"].ravel() != 0, stays.any(axis=1))
    assert notebook_3[f"w{layer}"].shape == shape
    assert notebook_3[f"b{layer}"].shape == (shape[0], 1)


# ---- article B ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("example", "names"),
    [
        ("example_1", ("wih", "who", "active_input_indices", "active_hidden_indices")),
        ("example_2", ("wih_2", "who_2", "active_inputs_2", "active_hidden_2")),
    ],
)
def test_notebook_4_works_with_the_examples_of_article_b(example, names):
    cells = code_cells("04_weight_matrix_slicing")
    (source,) = [cell for cell in cells if f"{names[0]} = np.array(" in cell]
    namespace = {"np": np, "thin": thin}
    exec(source, namespace)
    typed = [np.asarray(namespace[name]).tolist() for name in names]
    keys = ("wih", "who", "active_input_indices", "active_hidden_indices")
    assert typed == [B[example][key] for key in keys]


@pytest.mark.parametrize("example", [B["example_1"], B["example_2"]], ids=["1", "2"])
def test_thin_gives_the_matrices_that_article_b_prints(example):
    wih, who = np.array(example["wih"]), np.array(example["who"])
    inputs, hidden = example["active_input_indices"], example["active_hidden_indices"]
    assert (wih.shape, who.shape, len(inputs)) == ((5, 10), (7, 5), int(10 * 0.7))
    assert thin(wih, range(5), inputs).tolist() == example["wih_without_dropped_inputs"]
    assert thin(wih, hidden, inputs).tolist() == example["wih_without_dropped_inputs_and_hidden"]
    assert thin(who, range(7), hidden).tolist() == example["who_without_dropped_hidden"]
