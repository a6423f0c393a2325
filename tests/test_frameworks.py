"""What notebook 7 says of frameworks, line by line, wherever one is installed."""

import numpy as np
import pytest

ONES = np.ones((100, 100), np.float32)


def assert_drops(y):
    """A fifth is 0 and the rest divided by 1 - drop."""
    assert set(np.unique(y)) == {0.0, 1.25} and 0.15 < np.mean(np.asarray(y) == 0) < 0.25


def assert_off(y):
    np.testing.assert_array_equal(y, ONES)


def test_the_module_of_pytorch():
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Dropout(p=0.2))
    x = torch.from_numpy(ONES)
    assert_drops(model(x).numpy())  # the mode after building
    model.eval()
    for _ in range(2):  # it sticks
        assert_off(model(x).numpy())
    model.train()
    assert_drops(model(x).numpy())


def test_the_function_of_pytorch():
    torch = pytest.importorskip("torch")

    class Model(torch.nn.Module):
        def forward(self, x, **options):
            return torch.nn.functional.dropout(x, p=0.2, **options)

    model, x = Model().eval(), torch.from_numpy(ONES)
    assert_off(model(x, training=model.training).numpy())
    assert_drops(model(x).numpy())  # without the argument it drops after eval, too


def test_keras():
    keras = pytest.importorskip("keras")

    class Mode(keras.layers.Layer):
        """Notes in which mode it is called."""

        def call(self, x, training=None):
            modes.append(training)
            return x

    modes = []
    model = keras.Sequential([keras.layers.Dropout(0.2), Mode()])
    assert_off(np.asarray(model(ONES)))
    assert_off(model.predict(ONES, verbose=0))
    assert_drops(np.asarray(model(ONES, training=True)))
    model.compile(loss="mse")
    modes.clear()
    model.fit(ONES, ONES, verbose=0)
    assert modes[-1] is True  # the first is that of building it


def test_flax():
    nnx = pytest.importorskip("flax.nnx")
    model = nnx.Dropout(0.2, rngs=nnx.Rngs(0))
    assert_drops(np.asarray(model(ONES)))  # deterministic=False is the default
    model.eval()
    assert_off(np.asarray(model(ONES)))
    model.train()
    assert_drops(np.asarray(model(ONES)))
