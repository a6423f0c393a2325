"""The laws of the way back: a gradient gets what its forward pass did, and all else stays."""

from __future__ import annotations

import numpy as np

from helpers.trial import CLOSE, Broken, Skipped, Trial, same


def backward(trial: Trial) -> None:
    """The gradient gets the mask and the scale of its forward pass, and leaves all else alone."""
    _way_back(trial, trial.x.copy())
    _way_back(trial, trial.x[:1].copy(), of=" of a sample alone")
    _way_back(trial, trial.x.astype(np.float32), of=" of float32 numbers")
    _way_back(trial, trial.x[:3, :5].copy(), of=" of three samples of five units")
    _way_back(trial, trial.x.copy("F"), of=" of an array that is stored by columns")
    rng = np.random.default_rng([trial.seed, 3])
    earlier = trial.call(True)[0] / trial.x
    _, cache = trial.call(True, rng=rng)
    rng.random()  # as the next layer does
    if cache is None:
        seen = "no cache: it is not tried whether another forward pass may lie before the way back"
        trial.report.remarks.append(seen)
    state = rng.bit_generator.state
    gradient = trial.backward(trial.grad.copy(), cache)
    before = np.array(gradient)
    if rng.bit_generator.state != state:
        raise Broken("rng has moved on the way back", "a state that is put into rng itself")
    again = second_gradient(trial, -trial.grad, cache)
    if again is None:
        return
    if cache is None and same(again, -trial.grad * earlier):  # masks on a stack, the last one off
        return
    if not same(again, -before):
        seen = "a second gradient of one forward pass has another mask or scale"
        raise Broken(seen, "is something written into the cache, or the kept mask")
    if not np.array_equal(gradient, before):
        raise Broken("a gradient has changed in the next call", "one array for all gradients")


def backward_at_0(trial: Trial) -> None:
    """So it does where the input is 0."""
    if "repeats" not in trial.report.kept:
        raise Skipped("the mask there is known only where the same rng gives it again")
    x = trial.with_zeros()
    one, other = (np.random.default_rng([trial.seed, 2]) for _ in range(2))
    _way_back(trial, x, trial.call(True, rng=one)[0] / trial.x, other)


def _way_back(
    trial: Trial,
    x: np.ndarray,
    factors: np.ndarray | None = None,
    rng: np.random.Generator | None = None,
    of: str = "",
) -> None:
    """Compare a gradient with the ``factors`` of the forward pass (None: those of the output)."""
    if trial.backward is None:
        raise Skipped("there is no backward")
    part = tuple(map(slice, x.shape))
    zero, grad, given = x == 0, trial.grad[part].astype(x.dtype), trial.x[part]
    y, cache = trial.call(True, x, rng)
    last = factors = y / given if factors is None else factors
    if cache is not None:  # then another forward pass may lie between, as where a layer is shared
        last = trial.call(True, given.astype(x.dtype))[0] / given
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
        if zero.any() and "backward" in trial.report.kept:  # what fails at zeros alone
            guesses = {k: v for k, v in guesses.items() if "value is 0" in k}
        other = "mask" if ((got != 0) != on).any() else "scale"
        at_0 = f", or does the {other} depend on x" if zero.any() else ""
        again = second_gradient(trial, grad.copy(), cache)
        if again is not None and same(again - got, grad * factors):
            guesses["is it added to what an earlier call gave"] = got
        elif again is not None and not same(again, got):
            guesses["a mask of its own for each way back"] = got
        guesses[f"another {other} than in the forward pass{at_0}"] = got
        named = next(name for name, guess in guesses.items() if same(got, guess))
        wrong = np.mean(np.abs(got - grad * factors) > CLOSE * np.abs(got))
        share = f"{wrong:.0%}" if wrong >= 0.005 else f"{wrong:.2%}"
        raise Broken(f"{share} of the gradient{of} is not grad · mask · scale", named)


def second_gradient(trial: Trial, grad: np.ndarray, cache: object) -> np.ndarray | None:
    """A second gradient of one forward pass; None for a cache that is for one alone."""
    try:
        return np.array(trial.backward(grad, cache))
    except (Exception, SystemExit):  # of somebody else's code; whichever it is
        return None


def backward_predicting(trial: Trial) -> None:
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
