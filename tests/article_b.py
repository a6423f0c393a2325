"""A direct transcription of the training step that article B describes: columns, np.dot, outer
products. It is what ``NeuralNetwork`` must equal, and what ``make bench`` measures it against."""

import numpy as np
from scipy.special import expit


def column(vector):
    return np.array(vector, ndmin=2).T


def train_single(wih, who, learning_rate, input_vector, target_vector, bias=None):
    """One step of the article's rule; changes ``wih`` and ``who`` in place."""
    x = column(input_vector if bias is None else np.concatenate([input_vector, [bias]]))
    target = column(target_vector)
    hidden = expit(np.dot(wih, x))
    if bias is not None:
        hidden = np.concatenate([hidden, [[bias]]])
    output = expit(np.dot(who, hidden))
    output_error = target - output
    step = learning_rate * np.dot(output_error * output * (1.0 - output), hidden.T)
    who += step
    hidden_error = np.dot(who.T, output_error)
    step = np.dot(hidden_error * hidden * (1.0 - hidden), x.T)
    wih += learning_rate * (step if bias is None else step[:-1])
