"""Small IDX files for the tests."""

import numpy as np


def idx_bytes(array):
    """An array as the content of an IDX file, not compressed."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()
