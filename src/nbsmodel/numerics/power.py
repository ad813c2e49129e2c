"""Powers that have the same bits whatever the shapes of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np


def power(base: Any, exponent: Any) -> Any:
    """``base ** exponent``, element by element.

    For a single number or a repeated exponent NumPy takes other ways (a square for 2, another
    library for scalars), which may differ in the last bit from the way it takes for arrays. A run at
    base values and a run of draws that all have the base values would then not be equal.

    Parameters
    ----------
    base, exponent : array_like
        Broadcast with each other.

    Returns
    -------
    float64 array, or a scalar when both are scalars
    """
    base, exponent = np.broadcast_arrays(np.asarray(base, dtype=float), np.asarray(exponent, dtype=float))
    result = np.power(np.ascontiguousarray(base), np.ascontiguousarray(exponent))
    return result.reshape(base.shape)[()]
