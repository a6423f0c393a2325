"""A training that takes milliseconds, and the same by hand: for tests and the processes they start.

`by_hand` is the reference: one array for every layer, masks instead of sub-networks, and the random
numbers in the order that the training draws them.
"""

from dataclasses import asdict

import numpy as np
from scipy.special import log_softmax, softmax

from helpers.masks import active_units, gaussian_mask, inverted_mask
from helpers.network import Network
from helpers.training import Settings

SIZES = (4, 6, 5, 3)
OPTIONS = {
    "epochs": 3,
    "batch_size": 9,  # five batches, the last one of four samples
    "learning_rate": 0.05,
    "input_drop": 0.25,
    "hidden_drop": 0.4,
}


def samples(n=40, seed=1):
    """Three clouds of points, and the numbers of the clouds."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(SIZES[-1], size=n)
    centers = rng.normal(size=(SIZES[-1], SIZES[0]))
    return centers[labels] + rng.normal(0, 0.5, (n, SIZES[0])), labels


def new_run(mode="mask", seed=0, dtype=np.float64, sizes=SIZES, bits="PCG64", **options):
    """Everything that `train` needs: network, x, labels, settings, rng."""
    rng = np.random.Generator(getattr(np.random, bits)(seed))
    settings = Settings(mode=mode, **{**OPTIONS, **options})
    return Network(sizes, rng, dtype), *samples(), settings, rng


def outcome(network, history):
    """All bits of a result but the seconds, comparable and printable."""
    return {**asdict(history), "seconds": 0, "parameters": network.parameters.tobytes().hex()}


def draw_masks(settings, sizes, n_samples, rng):
    """A mask for the input and each hidden layer, drawn in this order; 1 where nothing is drawn."""
    masks = []
    drops = [settings.input_drop] + [settings.hidden_drop] * (len(sizes) - 2)
    for n_units, drop in zip(sizes[:-1], drops, strict=True):
        mask = np.ones(n_units)
        if settings.mode == "slice":
            active = active_units(n_units, drop, rng)
            mask[:] = 0
            mask[active] = n_units / len(active)
        elif settings.mode == "mask" and drop > 0:
            mask = inverted_mask((n_samples, n_units), drop, rng, np.float64)
        elif settings.mode == "gaussian" and drop > 0:
            mask = gaussian_mask((n_samples, n_units), drop, rng, np.float64)
        masks.append(mask)
    return masks


def by_hand(network, x, labels, settings, rng, n_steps=None):
    """Train until the end or for ``n_steps``; return the mean loss and accuracy of each epoch."""
    weights, biases = network.weights, network.biases
    n_layers = len(weights)
    weight_velocities = [np.zeros_like(w) for w in weights]
    bias_velocities = [np.zeros_like(b) for b in biases]
    losses, accuracies, step = [], [], 0
    for epoch in range(settings.epochs):
        rate = settings.learning_rate * settings.decay**epoch
        epochs_left = settings.epochs - epoch
        if epochs_left <= settings.cooldown:
            rate *= epochs_left / (settings.cooldown + 1)
        order = rng.permutation(len(x))
        loss_of, right = np.zeros(len(x)), np.zeros(len(x))
        for start in range(0, len(x), settings.batch_size):
            if step == n_steps:
                return losses, accuracies
            step += 1
            batch = order[start : start + settings.batch_size]
            masks = draw_masks(settings, network.sizes, len(batch), rng)
            outputs, before = [x[batch] * masks[0]], []
            for k in range(n_layers - 1):
                before.append(outputs[-1] @ weights[k].T + biases[k])
                outputs.append(np.where(before[-1] > 0, before[-1], 0) * masks[k + 1])
            logits = outputs[-1] @ weights[-1].T + biases[-1]
            loss_of[batch] = -log_softmax(logits, axis=1)[range(len(batch)), labels[batch]]
            right[batch] = logits.argmax(axis=1) == labels[batch]
            delta = softmax(logits, axis=1) - np.eye(network.sizes[-1])[labels[batch]]
            delta /= len(batch)
            weight_gradients, bias_gradients = [], []
            for k in reversed(range(n_layers)):
                weight_gradients.insert(0, delta.T @ outputs[k])
                bias_gradients.insert(0, delta.sum(axis=0))
                if k > 0:
                    delta = delta @ weights[k] * masks[k] * (before[k - 1] > 0)
            for k in range(n_layers):
                weight_gradients[k] += settings.l2 * weights[k]
                weight_velocities[k] = settings.momentum * weight_velocities[k]
                weight_velocities[k] += weight_gradients[k]
                bias_velocities[k] = settings.momentum * bias_velocities[k] + bias_gradients[k]
                weights[k] -= rate * weight_velocities[k]
                biases[k] -= rate * bias_velocities[k]
                for incoming in weights[k]:
                    length = np.sqrt(sum(incoming**2))
                    if settings.max_norm is not None and length > settings.max_norm:
                        incoming *= settings.max_norm / length
        losses.append(loss_of.mean())
        accuracies.append(right.mean())
    return losses, accuracies
