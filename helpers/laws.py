"""The laws that `helpers.checks.diagnose` tries on a `helpers.trial.Trial`.

A law is kept, or raises `Broken` or `Skipped`; its docstring says what it asks. Those that count
stand in ``helpers.laws_of_chance``, those of the way back in ``helpers.laws_of_gradients``. The
others stand here; they leave nothing to chance.
"""

from __future__ import annotations

import random
from contextlib import suppress
from itertools import product

import numpy as np

from helpers import laws_of_chance as chance
from helpers import laws_of_gradients as gradients
from helpers.laws_of_gradients import second_gradient
from helpers.trial import CLOSE, N_SAMPLES, N_UNITS, Broken, Skipped, Trial, is_pair, same

# ---- what comes out ----------------------------------------------------------------------------


def _shape(trial: Trial) -> None:
    """The output has the shape of the input, for one sample or one unit, too, and no nan."""
    _ = trial.first_prediction
    for shape in ((N_SAMPLES, N_UNITS), (1, N_UNITS), (3, 1)):
        for training in (True, False):
            y, _ = trial.call(training, trial.x[: shape[0], : shape[1]].copy())
            if trial.came_out is None:
                when = "" if training else " when predicting"
                raise Broken(f"forward returns None{when}", "is a return missing")
            if isinstance(trial.came_out, np.ma.MaskedArray):
                raise Broken("a masked array comes out: what is hidden is no 0")
            if y.shape != shape:
                raise Broken(f"shape {y.shape} out of {shape}")
            if y.dtype.kind != "f":
                raise Broken(f"{y.dtype} values come out, no floating-point numbers")
            if not np.isfinite(y).all():
                raise Broken("not all numbers that come out are finite")


def _dtype(trial: Trial) -> None:
    """What comes out is not narrower than what went in."""
    for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        for training in (True, False):
            y, _ = trial.call(training, trial.x.astype(dtype))
            if y.dtype.itemsize < dtype.itemsize:
                raise Broken(f"{y.dtype} out of {dtype}", "is a dtype written down")
            if y.dtype.itemsize > dtype.itemsize and training:
                trial.report.remarks.append(f"training makes {y.dtype} of {dtype}")


def _input(trial: Trial) -> None:
    """The input is left as it was, and so are the gradient and what came out of an earlier call."""
    for earlier, later in product((True, False), repeat=2):
        y, _ = trial.call(earlier, rng=np.random.default_rng(trial.seed))
        came_out = trial.came_out
        trial.call(later, 2 * trial.x, np.random.default_rng(trial.seed + 1))
        if not np.array_equal(came_out, y):
            raise Broken("what came out has changed in the next call", "one array for all calls")
    if trial.inplace:
        raise Skipped("inplace=True allows it to be written into")
    for training, order in product((True, False), "CF"):
        x, grad = trial.x.copy(order), trial.grad.copy(order)
        y, cache = trial.call(
            training, x, np.random.default_rng(trial.seed) if order == "F" else None
        )
        came_out = trial.came_out
        if not np.array_equal(x, trial.x):
            when = "in training" if training else "in a prediction"
            raise Broken(f"x has changed {when}", "a *= or x[...] = where a new array is meant")
        if trial.backward is not None:
            second_gradient(trial, grad, cache)
            for what, now, before in (
                ("the gradient that was handed in", grad, trial.grad),
                ("x", x, trial.x),
                ("what came out", came_out, y),
            ):
                if not np.array_equal(now, before):
                    raise Broken(f"{what} has changed on the way back")


def _prediction(trial: Trial) -> None:
    """A prediction is the same each time, before a training and after it, alone and in a batch."""
    _ = trial.outputs
    first, one, other, *_ = trial.predictions
    others = trial.predictions[1:]
    if any(not np.array_equal(first, other) for other in others):
        dropped = np.mean([other == 0 for other in others])
        as_in_training = abs(dropped / trial.drop - 1) < 0.2
        mistake = "is `training` read" if as_in_training else "is something drawn"
        if first.all() or not dropped:
            drawn = not dropped and not np.array_equal(one, other)
            mistake = "is something drawn, or left behind by the prediction before"
            if not drawn:
                mistake = "does a training leave something behind"
        elif trial.outputs.all():
            mistake = "is `training` read the wrong way round"
        raise Broken(f"two predictions differ; {dropped:.0%} of their units are 0", mistake)
    if not same(trial.call(False, trial.x[:1].copy())[0], first[:1]):
        seen = "a sample alone gets another prediction than in a batch"
        raise Broken(seen, "is something computed over the batch, or remembered")
    if not np.allclose(trial.call(False, trial.x.astype(np.float32))[0], first, CLOSE, CLOSE):
        raise Broken("float32 gets another prediction than float64")


# ---- what becomes of the others ----------------------------------------------------------------


def _scale(trial: Trial) -> None:
    """All that stays is multiplied by one number, the same in every call; 0 stays 0."""
    stay = trial.outputs[trial.outputs != 0]
    if not stay.size:
        raise Skipped("nothing stays")
    if not same(stay, stay[0]):
        mistake = ""
        if any(_one_scale(trial.outputs, axes) for axes in ((1, 2), 2, 1)):
            mistake = "is it divided by what happened to stay"
        elif len(np.unique(stay)) > stay.size / 2:
            mistake = "noise, not a mask" if trial.outputs.all() else "noise on what stays"
        raise Broken(f"what stays is multiplied by {stay.min():.4f} to {stay.max():.4f}", mistake)
    for what, factors in trial.elsewhere.items():
        if not same(factors[factors != 0], stay[0]):
            raise Broken(f"what stays of {what} has another scale than {stay[0]:.4f}")
    x = trial.with_zeros()
    for training in (True, False):
        y = trial.call(training, x.copy())[0][x == 0]
        if not (y == 0).all():  # nan is not 0, either
            by_0 = "" if np.isfinite(y).all() else "a division by x"
            raise Broken(f"an input of 0 becomes {y[y != 0][0]:g}", by_0)


def _one_scale(outputs: np.ndarray, axes: int | tuple[int, int]) -> bool:
    """Whether what stays along these axes has one scale, larger where more is dropped."""
    stays = outputs != 0
    low = np.min(outputs, axes, initial=np.inf, where=stays, keepdims=True)
    high = np.max(outputs, axes, initial=-np.inf, where=stays, keepdims=True)
    some, share = stays.any(axes, keepdims=True), stays.mean(axes, keepdims=True)
    product = (low * share)[some]
    return same(low[some], high[some]) and same(product, product[0]) and not same(low, low[:1])


# ---- random streams ----------------------------------------------------------------------------


def _repeats(trial: Trial) -> None:
    """The same state of rng gives the same mask."""
    one, other = (trial.call(True, rng=np.random.default_rng(trial.seed))[0] for _ in range(2))
    if not np.array_equal(one, other):
        raise Broken(
            "the same state of rng gave two masks",
            "is another source drawn from, or does something change from call to call",
        )


def _global_stream(trial: Trial) -> None:
    """No global random stream is moved or seeded."""
    for k in range(3):  # another thread may draw from it, too, but not each time
        np.random.seed([trial.seed % 2**32, k, 987])  # noqa: NPY002, seeds that nobody else has
        random.seed(f"{trial.seed} {k} 987")
        before = _streams()
        _, cache = trial.call(True)
        if trial.backward is not None:
            second_gradient(trial, trial.grad.copy(), cache)
        trial.call(False)
        with suppress(Exception, SystemExit):  # another law tells
            (trial.make or str)(trial.drop)
        after = _streams()
        if before == after:
            return
    whose = "NumPy's" if before[0] != after[0] else "Python's"
    mistake = "is it seeded, or drawn from where rng is meant"
    raise Broken(f"{whose} global stream has moved", mistake)


def _streams() -> tuple[tuple, tuple]:
    """The states of the global streams of NumPy and of Python."""
    _, key, *rest = np.random.get_state()  # noqa: NPY002
    return (key.tobytes(), *rest), random.getstate()


# ---- other drops -------------------------------------------------------------------------------


def _made(trial: Trial, drop: float, training: bool = True) -> tuple[np.ndarray, ...] | str:
    """Outputs / inputs with another drop, and gradients / those that arrive; if refused, how."""
    if trial.make is None:
        raise Skipped("make was not given")
    try:
        made = trial.make(trial.drop)
    except (Exception, SystemExit) as error:
        raise Broken(f"make({trial.drop:g}) raises {type(error).__name__}: {error}") from error
    if not callable(made[0] if isinstance(made, tuple | list) and made else made):
        raise Broken(f"make({trial.drop:g}) gives no function, but {made!r}")
    try:
        made = trial.make(drop)
        forward = made[0] if isinstance(made, tuple | list) else made
        y = forward(trial.x.copy(), training, np.random.default_rng(trial.seed))
    except (Exception, SystemExit) as error:  # of somebody else's code; whichever it is
        return f"{type(error).__name__}: {error}"
    y, cache = y if is_pair(y) else (y, None)
    factors = [np.array(y) / trial.x]
    if trial.backward is not None and isinstance(made, tuple | list) and training:
        try:
            factors.append(np.array(made[1](trial.grad.copy(), cache)) / trial.grad)
        except (Exception, SystemExit) as error:
            seen = f"with drop {drop:g} the way back raises {type(error).__name__}: {error}"
            raise Broken(seen) from error
    return tuple(factors)


def _drop_0(trial: Trial) -> None:
    """With drop 0 the output is the input, in training and when predicting."""
    for training in (True, False):
        factors = _made(trial, 0.0, training)
        if isinstance(factors, str):
            raise Broken(f"drop 0 is refused: {factors}")
        output, *gradient = factors
        if not same(output, 1.0):
            raise Broken("with drop 0 it is not the input" + " when predicting" * (not training))
        if gradient and not same(gradient[0], 1.0):
            raise Broken("with drop 0 the gradient is not what came in")


def _drop_1(trial: Trial) -> None:
    """With drop 1 all is 0, or it is refused; a prediction is finite."""
    factors, predicted = _made(trial, 1.0), _made(trial, 1.0, training=False)
    for where, made in zip(("", " on the way back"), factors, strict=False):
        if not isinstance(factors, str) and (made != 0).any():  # nan is not 0, either
            what = "nan" if np.isnan(made).any() else "what is not 0"
            by_0 = "" if np.isfinite(made).all() else "a division by 1 - drop = 0"
            raise Broken(f"with drop 1 there is {what}{where}", by_0)
    if not isinstance(predicted, str) and not np.isfinite(predicted[0]).all():
        raise Broken("with drop 1 a prediction is not finite", "a division by 1 - drop = 0")


def _refuses(trial: Trial) -> None:
    """A drop of nan, below 0 or above 1 is refused, when it is built or at the first call."""
    impossible = {drop: _made(trial, drop) for drop in (float("nan"), -0.1, 1.1)}
    taken = [str(drop) for drop, made in impossible.items() if not isinstance(made, str)]
    if taken:
        mistake = "is it refused by < and >, which nan passes" if taken == ["nan"] else ""
        raise Broken(f"a drop of {', '.join(taken)} is taken", mistake)


LAWS = {
    function.__name__.strip("_").replace("_", " "): function
    for function in (
        *(_shape, _dtype, _input, _prediction),
        *(chance.units, chance.samples, chance.calls, chance.counts, chance.rate),
        *(_scale, chance.mean, _repeats, _global_stream),
        *(gradients.backward, gradients.backward_at_0, gradients.backward_predicting),
        *(_drop_0, _drop_1, _refuses),
    )
}
