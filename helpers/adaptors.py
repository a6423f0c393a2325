"""Other people's dropouts in the form that `helpers.checks.diagnose` takes: (forward, backward).

``diagnose(*of_torch(nn.Dropout(0.2)), drop=0.2)``. What draws by itself can be seeded:
``seed_with(rng)`` is called before each call; without it the laws that need the same mask twice are
skipped. No framework is imported here: it is there already where its object is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

Seed = Callable[[np.random.Generator], object]
NOT_SEEDED = "it draws by itself, and no seed_with was given"


def of_pair(
    forward: Callable, backward: Callable | None = None, seed_with: Seed | None = None
) -> tuple[Callable, Callable | None]:
    """Functions ``forward(x, training)`` and ``backward(grad, cache)``, which take no rng."""
    if not callable(forward):
        raise TypeError(f"forward must be a function, got {forward!r}")
    return _seeded(lambda x, training, rng: forward(x, training), seed_with), backward


def of_class(
    layer: object, seed_with: Seed | None = None, flag: str = "training"
) -> tuple[Callable, Callable | None]:
    """An object with ``forward(x)``, perhaps ``backward(grad)``, and a flag for training.

    After a diagnosis the flag is what it was. Raises ``ValueError`` for a flag that is not there,
    ``TypeError`` for one that cannot be set and for what are no methods.
    """
    if isinstance(layer, type):
        raise TypeError(f"layer must be an object, such as {layer.__name__}(0.2), got the class")
    if not callable(getattr(layer, "forward", None)):
        raise TypeError(f"layer must have a method forward, got {layer!r}")
    way_back = getattr(layer, "backward", None)
    if way_back is not None and not callable(way_back):
        raise TypeError(f"backward of the layer must be a method, got {way_back!r}")
    if not isinstance(flag, str) or not hasattr(layer, flag):
        raise ValueError(
            f"flag must be an attribute of the layer, got {flag!r}; where the mode is an argument "
            "of forward, of_pair calls it"
        )
    was = getattr(layer, flag)
    if not isinstance(was, bool):
        raise TypeError(
            f"flag must be True or False, got {flag} = {was!r}: of_pair calls the layer"
        )
    try:
        setattr(layer, flag, was)
    except AttributeError as error:
        raise TypeError(f"flag must be an attribute that can be set, got {flag!r}") from error

    def forward(x: np.ndarray, training: bool, rng: np.random.Generator) -> tuple:
        setattr(layer, flag, training)
        return layer.forward(x), None

    seeded = _seeded(forward, seed_with)
    seeded.put_back = lambda: setattr(layer, flag, was)
    return seeded, way_back and (lambda grad, cache: way_back(grad))


def of_torch(module: object, seed_with: Seed | None = None) -> tuple[Callable, Callable]:
    """A PyTorch module. ``lambda rng: torch.manual_seed(int(rng.integers(2**63)))`` seeds it."""
    if "torch" not in sys.modules:
        raise TypeError(f"module must be one of PyTorch, which is not imported; got {module!r}")
    if not isinstance(module, sys.modules["torch"].nn.Module):
        raise TypeError(f"module must be one of PyTorch, got {module!r}")
    torch, was = sys.modules["torch"], module.training

    def forward(x: np.ndarray, training: bool, rng: np.random.Generator) -> tuple:
        module.train(training)
        start = torch.tensor(x, requires_grad=True)
        seen = start.clone()  # a module that writes into its input may not do so into a leaf
        y = module(seen)
        x[...] = seen.detach().numpy()
        return y.detach().numpy(), (start, y)

    def backward(grad: np.ndarray, cache: tuple) -> np.ndarray:
        start, y = cache
        y.backward(torch.tensor(grad))
        return start.grad.numpy()

    seeded = _seeded(forward, seed_with, **{"global stream": "PyTorch has a stream of its own"})
    seeded.put_back = lambda: module.train(was)
    return seeded, backward


def of_keras(layer: object, seed_with: Seed | None = None) -> tuple[Callable, None]:
    """A Keras layer, called with ``training=``. Its gradient is its backend's, and is not asked.

    ``lambda rng: layer.seed_generator.state.assign([rng.integers(2**31), 0])`` seeds it, if its
    rate is not 0.
    """
    if not callable(layer) or isinstance(layer, type):
        raise TypeError(f"layer must be one of Keras, got {layer!r}")

    def forward(x: np.ndarray, training: bool, rng: np.random.Generator) -> np.ndarray:
        return np.asarray(layer(x, training=training))

    unable = {
        "dtype": "Keras computes in the dtype of the layer",
        "global stream": "Keras has streams of its own",
    }
    return _seeded(forward, seed_with, **unable), None


def _seeded(forward: Callable, seed_with: Seed | None, **unable: str) -> Callable:
    """``forward``, seeded before each call, with the laws that it is unable to show."""
    if seed_with is not None and not callable(seed_with):
        raise TypeError(f"seed_with must be a function of rng, got {seed_with!r}")

    def seeded(x: np.ndarray, training: bool, rng: np.random.Generator) -> object:
        if seed_with is not None:
            seed_with(rng)
        return forward(x, training, rng)

    seeded.unable = dict(unable)
    if seed_with is None:
        seeded.unable |= dict.fromkeys(("repeats", "backward at 0"), NOT_SEEDED)
    return seeded
