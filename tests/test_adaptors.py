"""Adaptors: what other people's dropouts look like, in the form that `diagnose` takes."""

import numpy as np
import pytest

from helpers.adaptors import NOT_SEEDED, of_class, of_keras, of_pair, of_torch
from helpers.checks import diagnose

UNSEEDED = {"repeats": NOT_SEEDED, "backward at 0": NOT_SEEDED}


class Layer:
    """A dropout of the usual kind: it holds its mask, and a flag says whether it trains."""

    def __init__(self, drop=0.2, scale=None):
        self.drop, self.scale, self.training = drop, scale or 1 / (1 - drop), True
        self.rng = np.random.default_rng(0)

    def forward(self, x):
        self.mask = 1.0
        if self.training:
            self.mask = (self.rng.random(x.shape) >= self.drop) * self.scale
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask

    def seed_with(self, rng):
        self.rng = np.random.default_rng(rng.integers(2**63))


def test_a_class_with_a_flag():
    report = diagnose(*of_class(Layer()))
    assert report.passed
    assert {law: report.skipped[law] for law in UNSEEDED} == UNSEEDED
    layer = Layer()
    report = diagnose(*of_class(layer, layer.seed_with))
    assert report.passed and {"repeats", "backward at 0", "global stream"} < set(report.kept)
    assert diagnose(*of_class(Layer(scale=5.0))).failures == ["mean"]


def test_a_flag_may_have_another_name_and_a_layer_no_way_back():
    class Other:
        train_mode = True

        def forward(self, x):
            return x * (np.random.random(x.shape) >= 0.2) / 0.8 if self.train_mode else x

    report = diagnose(*of_class(Other(), flag="train_mode"))
    assert report.failures == ["global stream"]
    assert report.skipped["backward"] == "there is no backward"


def test_after_a_diagnosis_the_mode_is_what_it_was():
    for mode in (True, False):
        layer = Layer()
        layer.training = mode
        diagnose(*of_class(layer))
        assert layer.training is mode
    with pytest.raises(
        ValueError, match=r"^flag must be an attribute of the layer, got 'trainning'"
    ):
        of_class(Layer(), flag="trainning")


def test_a_pair_of_functions_without_rng():
    rng = np.random.default_rng(1)

    def forward(x, training):
        mask = (rng.random(x.shape) >= 0.2) / 0.8 if training else 1.0
        return x * mask, mask

    report = diagnose(*of_pair(forward, lambda grad, mask: grad * mask))
    assert report.passed and "backward" in report.kept
    assert report.skipped["repeats"] == NOT_SEEDED


def test_a_keras_layer_is_called_with_training():
    rng = np.random.default_rng(2)

    def layer(x, training=False):
        return (x * (rng.random(x.shape) >= 0.2) / 0.8 if training else x).tolist()

    report = diagnose(*of_keras(layer))
    assert report.failures == ["dtype"] or report.passed
    assert report.skipped["global stream"] == "Keras has streams of its own"
    assert report.skipped["backward"] == "there is no backward"


def test_dropout_of_keras_passes():
    keras = pytest.importorskip("keras")

    def make(drop):
        layer = keras.layers.Dropout(drop)
        state = getattr(layer, "seed_generator", None)  # none with a rate of 0
        return of_keras(layer, lambda rng: state and state.state.assign([rng.integers(2**31), 0]))

    report = diagnose(*make(0.2), make=make)
    assert report.passed and {"repeats", "drop 0", "drop 1", "refuses"} < set(report.kept)


def test_dropout_of_pytorch_passes():
    torch = pytest.importorskip("torch")

    def make(drop, **options):
        return of_torch(
            torch.nn.Dropout(drop, **options),
            lambda rng: torch.manual_seed(int(rng.integers(2**63))),
        )

    report = diagnose(*make(0.2), make=make)
    assert report.passed and list(report.skipped) == ["global stream"]
    module = torch.nn.Dropout(0.2)
    diagnose(*of_torch(module))
    assert module.training
    assert diagnose(*make(0.2, inplace=True)).failures == ["input"]
    assert diagnose(*make(0.2, inplace=True), inplace=True).passed

    class AlwaysOn(torch.nn.Module):
        def forward(self, x):
            return torch.nn.functional.dropout(x, 0.2)

    assert diagnose(*of_torch(AlwaysOn())).failures == ["prediction"]


class ReadOnly(Layer):
    """Its flag is a property."""

    training = property(lambda self: True, lambda self, value: None)
    mode = property(lambda self: True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: of_class(ReadOnly(), flag="mode"), "flag must be an attribute that can be set"),
        (lambda: of_class(Layer(), flag=5), "flag must be an attribute of the layer, got 5"),
        (lambda: of_class(Layer(), seed_with=5), "seed_with must be a function of rng, got 5"),
        (lambda: of_pair(abs, seed_with=5), "seed_with must be a function of rng, got 5"),
        (lambda: of_keras(None), "layer must be one of Keras, got None"),
    ],
)
def test_what_cannot_be_called_as_a_dropout_is_refused(call, message):
    with pytest.raises((TypeError, ValueError), match=f"^{message}"):
        call()


def test_a_way_back_that_is_no_method_is_refused():
    layer = Layer()
    layer.backward = 5
    with pytest.raises(TypeError, match=r"^backward of the layer must be a method, got 5"):
        of_class(layer)
