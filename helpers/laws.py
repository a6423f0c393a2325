"""The laws that `helpers.checks.diagnose` tries on a `helpers.trial.Trial`.

A law is kept, or raises `Broken` or `Skipped`; its docstring says what it asks. Those here leave
nothing to chance; those that count stand in ``helpers.laws_of_chance``.
"""

from __future__ import annotations

import random

import numpy as np

from helpers import laws_of_chance as chance
from helpers.trial import CLOSE, N_SAMPLES, N_UNITS, Broken, Skipped, Trial, is_pair, same

# ---- what comes out ----------------------------------------------------------------------------


def _shape(trial: Trial) -> None:
    """The output has the shape of the input, for one sample or one unit, too, and no nan."""
    _ = trial.first_prediction
    for shape in ((N_SAMPLES, N_UNITS), (1, N_UNITS), (3, 1)):
        for training in (True, False):
            y, _ = trial.call(training, trial.x[: shape[0], : shape[1]].copy())
            if trial.came_out is None:
                raise Broken("forward returns None", "is a return missing")
            if isinstance(trial.came_out, np.ma.MaskedArray):
                raise Broken("a masked array comes out: what is hidden is no 0")
            if y.shape != shape:
                raise Broken(f"shape {y.shape} out of {shape}")
            if y.dtype.kind != "f" or not np.isfinite(y).all():
                raise Broken("not all that comes out is finite floating-point numbers")


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
    y, _ = trial.call(True, rng=np.random.default_rng(trial.seed))
    came_out = trial.came_out
    trial.call(True, rng=np.random.default_rng(trial.seed + 1))
    if not np.array_equal(came_out, y):
        raise Broken("what came out has changed in the next call", "one array for all calls")
    if trial.inplace:
        raise Skipped("inplace=True allows it to be written into")
    for training in (True, False):
        x, grad = trial.x.copy(), trial.grad.copy()
        _, cache = trial.call(training, x)
        if not np.array_equal(x, trial.x):
            when = "in training" if training else "in a prediction"
            raise Broken(f"x has changed {when}", "a *= or x[...] = where a new array is meant")
        if trial.backward is not None and training:
            trial.backward(grad, cache)
            if not np.array_equal(grad, trial.grad):
                raise Broken("the gradient that was handed in has changed")


def _prediction(trial: Trial) -> None:
    """A prediction is the same each time, before a training and after it, alone and in a batch."""
    _ = trial.outputs
    first, one, other, *_ = trial.predictions
    others = trial.predictions[1:]
    if any(not np.array_equal(first, other) for other in others):
        dropped = np.mean([other == 0 for other in others])
        mistake = "is `training` read"
        if first.all() or not dropped:
            drawn = not dropped and not np.array_equal(one, other)
            mistake = "is something drawn" if drawn else "does a training leave something behind"
        elif trial.outputs.all():
            mistake = "is `training` read the wrong way round"
        raise Broken(f"two predictions differ; {dropped:.0%} of their units are 0", mistake)
    if not same(trial.call(False, trial.x[:1].copy())[0], first[:1]):
        seen = "a sample alone gets another prediction than in a batch"
        raise Broken(seen, "is something computed over the batch")
    if not np.allclose(trial.call(False, trial.x.astype(np.float32))[0], first, CLOSE, CLOSE):
        raise Broken("float32 gets another prediction than float64")


# ---- what becomes of the others ----------------------------------------------------------------


def _scale(trial: Trial) -> None:
    """All that stays is multiplied by one number, the same in every call."""
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
    for _ in range(3):  # another thread may draw from it, too, but not each time
        np.random.seed(12345)  # noqa: NPY002
        before = _streams()
        trial.call(True)
        trial.call(False)
        after = _streams()
        if before == after:
            return
    whose = "NumPy's" if before[0] != after[0] else "Python's"
    raise Broken(f"{whose} global stream has moved", "is it drawn from, where rng is meant")


def _streams() -> tuple[tuple, tuple]:
    """The states of the global streams of NumPy and of Python."""
    _, key, *rest = np.random.get_state()  # noqa: NPY002
    return (key.tobytes(), *rest), random.getstate()


# ---- the way back ------------------------------------------------------------------------------


def _backward(trial: Trial) -> None:
    """The gradient gets the mask and the scale of its forward pass, and leaves all else alone."""
    _way_back(trial, trial.x.copy())
    rng = np.random.default_rng([trial.seed, 3])
    earlier = trial.call(True)[0] / trial.x
    _, cache = trial.call(True, rng=rng)
    rng.random()  # as the next layer does
    state = rng.bit_generator.state
    gradient = trial.backward(trial.grad.copy(), cache)
    before = np.array(gradient)
    if rng.bit_generator.state != state:
        raise Broken("rng has moved on the way back", "a state that is put into rng itself")
    again = _again(trial, -trial.grad, cache)
    if again is None:
        return
    if cache is None and same(again, -trial.grad * earlier):  # masks on a stack, the last one off
        return
    if not same(again, -before):
        seen = "a second gradient of one forward pass has another mask or scale"
        raise Broken(seen, "is something written into the cache, or the kept mask")
    if not np.array_equal(gradient, before):
        raise Broken("a gradient has changed in the next call", "one array for all gradients")


def _backward_at_0(trial: Trial) -> None:
    """So it does where the input is 0."""
    if "repeats" not in trial.report.kept:
        raise Skipped("the mask there is known only where the same rng gives it again")
    x = trial.x.copy()
    x[::2, ::3] = 0
    one, other = (np.random.default_rng([trial.seed, 2]) for _ in range(2))
    _way_back(trial, x, trial.call(True, rng=one)[0] / trial.x, other)


def _way_back(
    trial: Trial,
    x: np.ndarray,
    factors: np.ndarray | None = None,
    rng: np.random.Generator | None = None,
) -> None:
    """Compare a gradient with the ``factors`` of the forward pass (None: those of the output)."""
    if trial.backward is None:
        raise Skipped("there is no backward")
    zero, grad = x == 0, trial.grad
    y, cache = trial.call(True, x, rng)
    last = factors = y / trial.x if factors is None else factors
    if cache is not None:  # then another forward pass may lie between, as where a layer is shared
        last = trial.call(True)[0] / trial.x
    came = trial.backward(grad.copy(), cache)
    if came is None or isinstance(came, tuple):
        missing = "is a return missing" if came is None else ""
        raise Broken(f"backward returns {'None' if came is None else 'a tuple'}", missing)
    got = np.array(came)
    if got.shape != grad.shape:
        raise Broken(f"the gradient has shape {got.shape}, not {grad.shape}")
    if not np.isfinite(got).all():
        raise Broken(
            "the gradient is not finite",
            "a division by x where x is 0" if zero.any() and np.isfinite(got[~zero]).all() else "",
        )
    if got.dtype.itemsize < grad.dtype.itemsize:
        raise Broken(f"the gradient is {got.dtype} of {grad.dtype}", "is a dtype written down")
    if not same(got, grad * factors):
        if (trial.outputs != 0).all():  # then an output says nothing of its mask
            raise Broken("the gradient is not grad · output / input")
        on = factors != 0
        scale = np.median(factors[on]) if on.any() else 1.0
        guesses = {
            "no mask": grad,
            "no scale": grad * on,
            "the scale and no mask": grad * scale,
            "the scale twice": grad * factors * scale,
            "units whose value is 0 taken for dropped": grad * factors * ~zero,
            "the mask of a later forward pass": grad * last,
        }
        other = "mask" if ((got != 0) != on).any() else "scale"
        at_0 = f", or does the {other} depend on x" if zero.any() else ""
        again = _again(trial, grad.copy(), cache)
        if again is not None and same(again - got, grad * factors):
            guesses["is it added to what an earlier call gave"] = got
        elif again is not None and not same(again, got):
            guesses["a fresh mask on the way back"] = got
        guesses[f"another {other} than in the forward pass{at_0}"] = got
        named = next(name for name, guess in guesses.items() if same(got, guess))
        wrong = np.mean(np.abs(got - grad * factors) > CLOSE * np.abs(got))
        raise Broken(f"{wrong:.0%} of the gradient is not grad · mask · scale", named)


def _again(trial: Trial, grad: np.ndarray, cache: object) -> np.ndarray | None:
    """A second gradient of one forward pass; None for a cache that is for one alone."""
    try:
        return np.array(trial.backward(grad, cache))
    except (Exception, SystemExit):  # of somebody else's code; whichever it is
        return None


def _backward_predicting(trial: Trial) -> None:
    """After a prediction the gradient gets the prediction's scale."""
    if trial.backward is None:
        raise Skipped("there is no backward")
    predicted = trial.predicted
    trial.call(True)  # whose mask must not be left
    _, cache = trial.call(False)
    try:
        got = np.array(trial.backward(trial.grad.copy(), cache))
    except (Exception, SystemExit) as error:
        raise Skipped(f"backward after a prediction raises {type(error).__name__}") from error
    if got.shape != trial.grad.shape or not same(got, trial.grad * predicted):
        mistake = "a mask where nothing is dropped" if (got == 0).any() and got.any() else ""
        raise Broken(f"the gradient is not {predicted:g} times what came in", mistake)


# ---- other drops -------------------------------------------------------------------------------


def _made(trial: Trial, drop: float, training: bool = True) -> np.ndarray | str:
    """Outputs / inputs with another drop; if it is refused, how."""
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
    return np.array(y[0] if is_pair(y) else y) / trial.x


def _drop_0(trial: Trial) -> None:
    """With drop 0 the output is the input, in training and when predicting."""
    for training in (True, False):
        factors = _made(trial, 0.0, training)
        if isinstance(factors, str):
            raise Broken(f"drop 0 is refused: {factors}")
        if not same(factors, 1.0):
            raise Broken("with drop 0 it is not the input" + " when predicting" * (not training))


def _drop_1(trial: Trial) -> None:
    """With drop 1 all is 0, or it is refused."""
    factors = _made(trial, 1.0)
    if not isinstance(factors, str) and (factors != 0).any():  # nan is not 0, either
        what = "nan" if np.isnan(factors).any() else "what is not 0"
        by_0 = "" if np.isfinite(factors).all() else "a division by 1 - drop = 0"
        raise Broken(f"with drop 1 there is {what}", by_0)


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
        *(_backward, _backward_at_0, _backward_predicting, _drop_0, _drop_1, _refuses),
    )
}
