"""Guards of what a notebook stores: outputs, metadata, ids, figures."""

import json
import re
from collections import Counter
from itertools import pairwise

from guards.notebook import Notebook

# Cells whose output nbval does not compare: (notebook, cell id) -> the reason, in a sentence.
NOT_COMPARED: dict[tuple[str, str], str] = {
    ("04_weight_matrix_slicing", "52170a58"): (
        "It plots seconds, which differ from machine to machine."
    ),
}

# The same in every notebook, so that a diff shows what was changed by hand and nothing else.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
HIDDEN = {"jupyter": {"outputs_hidden": True}}
IGNORING_TAGS = {"nbval-ignore-output", "nbval-skip"}
ALLOWED_TAGS = {"raises-exception", *IGNORING_TAGS}
IGNORING_COMMENT = re.compile(r"^\s*#+\s*(NBVAL_IGNORE_OUTPUT|NBVAL_SKIP|PYTEST_VALIDATE\w*)", re.M)

MACHINE_PATH = re.compile(
    r"/(?:home|root|work|tmp|Users|private|usr|opt|mnt)/|\b[A-Z]:\\\w|site-packages|ipykernel_\d"
)
PRINTED_WARNING = re.compile(r":\d+: \w*Warning: ")
SHORTEST_ALT = 40  # characters; fewer cannot say what a figure shows


def execution_counts(notebook: Notebook) -> list[str]:
    """The code cells were executed once, from top to bottom, in a fresh kernel."""
    counts = [cell.execution_count for cell in notebook.code_cells]
    expected = list(range(1, len(counts) + 1))
    return [] if counts == expected else [f"execution counts are {counts}, not 1 to {len(counts)}"]


def errors(notebook: Notebook) -> list[str]:
    """No cell stores an error, unless its tag says that it raises one to show it."""
    return [
        f"cell {cell.id} stores {output.ename}"
        for cell in notebook.code_cells
        for output in cell.outputs
        if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", [])
    ]


def stray_outputs(notebook: Notebook) -> list[str]:
    """No cell stores stderr, a warning, a widget, or the text of a figure object."""
    complaints = []
    for cell in notebook.code_cells:
        for output in cell.outputs:
            text = output_text(output)
            if output.get("name") == "stderr":
                complaints.append(f"cell {cell.id} stores stderr: {text[:80]!r}")
            elif PRINTED_WARNING.search(text):
                complaints.append(f"cell {cell.id} stores a warning: {text[:80]!r}")
            if "application/vnd.jupyter.widget-view+json" in output.get("data", {}):
                complaints.append(f"cell {cell.id} stores a widget, which is dead in the file")
            if "<Figure size" in text:
                complaints.append(f"cell {cell.id} stores '<Figure size …': use show(fig, alt)")
    return complaints


def machine_paths(notebook: Notebook) -> list[str]:
    """No output tells where it was made."""
    complaints = []
    for cell in notebook.code_cells:
        for output in cell.outputs:
            found = MACHINE_PATH.search(output_text(output))
            if found:
                complaints.append(f"cell {cell.id} stores a path of a machine: {found[0]!r}")
    return complaints


def uncompared_cells(notebook: Notebook) -> list[str]:
    """A cell that nbval does not compare is listed in ``NOT_COMPARED``, and no other is listed."""
    marked = {
        cell.id
        for cell in notebook.code_cells
        if IGNORING_TAGS & set(cell.metadata.get("tags", []))
        or IGNORING_COMMENT.search(cell.source)
    }
    listed = {id_ for name, id_ in NOT_COMPARED if name == notebook.name}
    return [
        *(f"cell {id_} is not compared, without a listed reason" for id_ in marked - listed),
        *(f"cell {id_} is listed as not compared, but it is" for id_ in listed - marked),
    ]


def metadata(notebook: Notebook) -> list[str]:
    """The metadata are the same in all notebooks; cells have none but tags and hidden outputs."""
    complaints = []
    if notebook.metadata != METADATA:
        complaints.append(f"the notebook's metadata are {dict(notebook.metadata)}, not {METADATA}")
    for cell in notebook.cells:
        others = {key: value for key, value in cell.metadata.items() if key != "tags"}
        hidden = others in (HIDDEN, {**HIDDEN, "collapsed": True})  # JupyterLab adds the second
        if (others and not hidden) or cell.metadata.get("tags") == []:
            complaints.append(f"cell {cell.id} has metadata {dict(cell.metadata)}")
        elif set(cell.metadata.get("tags", [])) - ALLOWED_TAGS:
            complaints.append(f"cell {cell.id} has tags {cell.metadata.tags}")
    return complaints


def answers(notebook: Notebook) -> list[str]:
    """The output that answers a *Predict:* question is there, to be compared, but hidden."""
    complaints = []
    for before, cell in pairwise([None, *notebook.cells]):
        asked = before is not None and "*Predict:*" in before.source
        if asked and cell.cell_type != "code":
            complaints.append(f"cell {before.id} asks to predict what no cell below it answers")
        elif asked and "jupyter" not in cell.metadata:
            complaints.append(f"cell {cell.id} answers a question, but its output is not hidden")
        elif not asked and "jupyter" in cell.metadata:
            complaints.append(f"cell {cell.id} hides its output, but answers no question")
    return complaints


def cell_ids(notebook: Notebook) -> list[str]:
    """Every cell has an id of its own."""
    counts = Counter(cell.get("id", "") for cell in notebook.cells)
    return [f"the id {id_!r} is used {n} times" for id_, n in counts.items() if n > 1 or not id_]


def figures(notebook: Notebook) -> list[str]:
    """Every figure has a sentence for those who cannot see it, where nbval compares it as well.

    Nothing follows a figure as the value of the cell's last line.
    """
    complaints = []
    for cell in notebook.code_cells:
        pictures = [o for o in cell.outputs if any("image/" in kind for kind in o.get("data", {}))]
        for output in pictures:
            if "image/png" not in output.data:
                complaints.append(f"cell {cell.id} shows a picture that is no PNG")
            alt = output.metadata.get("image/png", {}).get("alt")
            if alt is None or alt != output.data.get("text/plain"):
                complaints.append(f"cell {cell.id}: the alt text {alt!r} is not its text/plain")
            elif len(alt) < SHORTEST_ALT or not alt[0].isupper() or not alt.rstrip().endswith("."):
                complaints.append(f"cell {cell.id}: the alt text is not a sentence: {alt!r}")
        if pictures and any(output.output_type == "execute_result" for output in cell.outputs):
            complaints.append(f"cell {cell.id} ends with an expression after its figure")
    return complaints


def output_text(output: dict) -> str:
    """Everything that an output says in text (pictures left out)."""
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":  # the traceback is not shown to be read, but stored
        return "\n".join([output.ename, output.evalue, *output.traceback])
    return "\n".join(
        value if isinstance(value, str) else json.dumps(value)
        for kind, value in output.data.items()
        if not kind.startswith("image/")
    )


GUARDS = [
    execution_counts,
    errors,
    stray_outputs,
    machine_paths,
    uncompared_cells,
    metadata,
    answers,
    cell_ids,
    figures,
]
