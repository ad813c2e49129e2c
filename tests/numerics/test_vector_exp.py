"""Branch-free exponentials and logarithms: accuracy against extended precision, limits, bits, vectors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numba import njit

from nbsmodel.numerics import vector_exp

INF, NAN = math.inf, math.nan
RNG = np.random.default_rng(20240229)
SIGNS = RNG.choice([-1.0, 1.0], 200_000)


def spread(low, high):
    return RNG.uniform(low, high, 200_000)


# Ordinary, wide and tiny arguments, and the most units in the last place that the result may be off.
ARGUMENTS = {
    "exp": ((spread(-2, 2), spread(-708, 709.7), SIGNS * 10 ** spread(-20, 0)), 1.0),
    "expm1": ((spread(-2, 2), spread(-60, 709.7), SIGNS * 10 ** spread(-20, 0)), 2.0),
    "log": ((spread(0.3, 3), 10 ** spread(-307, 308), 1 + SIGNS * 10 ** spread(-16, -1)), 1.0),
    "log1p": ((spread(-0.99, 3), 10 ** spread(-300, 300), SIGNS * 10 ** spread(-20, -0.01)), 2.0),
}


def _loop(name):
    function = getattr(vector_exp, f"fast_{name}")

    @njit(error_model="numpy")
    def fill(x, out):
        for i in range(x.shape[0]):
            out[i] = function(x[i])

    return fill


LOOPS = {name: _loop(name) for name in ARGUMENTS}


def over(name, x):
    """The function in a loop over an array."""
    x = np.asarray(x, dtype=float)
    out = np.empty_like(x)
    LOOPS[name](x, out)
    return out


@pytest.mark.parametrize("name", ARGUMENTS)
def test_accuracy(name):
    arguments, most = ARGUMENTS[name]
    # Where long double is no longer than double, the reference itself has an error.
    most += 0.0 if np.finfo(np.longdouble).eps < 1e-18 else 1.0
    for x in arguments:
        exact = getattr(np, name)(x.astype(np.longdouble))
        units = np.abs(over(name, x) - exact) / np.spacing(np.abs(exact.astype(float)))
        assert float(units.max()) <= most


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("exp", 0.0, 1.0),
        ("exp", -0.0, 1.0),
        ("exp", INF, INF),
        ("exp", -INF, 0.0),
        ("exp", NAN, NAN),
        ("exp", 709.79, INF),
        ("exp", 1e308, INF),
        ("exp", -745.2, 0.0),
        ("exp", -745.1, 5e-324),
        ("exp", 5e-324, 1.0),
        ("expm1", 0.0, 0.0),
        ("expm1", 5e-324, 5e-324),
        ("expm1", INF, INF),
        ("expm1", -INF, -1.0),
        ("expm1", -1e308, -1.0),
        ("expm1", 709.79, INF),
        ("expm1", NAN, NAN),
        ("log", 1.0, 0.0),
        ("log", 0.0, -INF),
        ("log", -0.0, -INF),
        ("log", INF, INF),
        ("log", -INF, NAN),
        ("log", -5e-324, NAN),
        ("log", NAN, NAN),
        ("log", 5e-324, -744.4400719213812),
        ("log1p", 0.0, 0.0),
        ("log1p", -1.0, -INF),
        ("log1p", -1.0000000000000002, NAN),
        ("log1p", INF, INF),
        ("log1p", -INF, NAN),
        ("log1p", NAN, NAN),
        ("log1p", 5e-324, 5e-324),
    ],
)
def test_limits(name, x, expected):
    for length in (1, 64):  # alone, and in the vectors of a long loop
        found = over(name, np.full(length, x))
        assert np.array_equal(found, np.full(length, expected), equal_nan=True)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_subnormal_results_and_the_edge_of_overflow(name):
    """Rounded once: within a unit in the last place where the units do not get smaller any more."""
    x = np.concatenate([np.linspace(-745, -708, 5001), np.linspace(709.7, 709.782, 501)])
    x = x if name.startswith("exp") else np.exp(x)
    with np.errstate(under="ignore"):
        expected = getattr(np, name)(x)
    assert np.all(np.abs(over(name, x) - expected) <= 2 * np.spacing(np.abs(expected)))


@pytest.mark.parametrize("name", ARGUMENTS)
def test_same_bits_at_every_place_and_every_length(name):
    x = np.concatenate([ARGUMENTS[name][0][0][:40], [NAN, INF, 0.0]])
    alone = np.concatenate([over(name, [value]) for value in x])
    for start in range(0, 20, 3):
        for end in range(start + 1, len(x) + 1):
            assert over(name, x[start:end]).tobytes() == alone[start:end].tobytes()


@pytest.mark.parametrize("name", ARGUMENTS)
def test_never_falls(name):
    """All four rise; rounding may move a neighbour by a unit, but not what is further apart."""
    x = np.sort(ARGUMENTS[name][0][0])[::50]
    assert np.all(np.diff(over(name, x)) > 0)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_the_loop_calls_no_library(name):
    """A call to the C library would keep LLVM from making vectors of the loop."""
    over(name, [1.0])
    words = {word.strip("$,()") for text in LOOPS[name].inspect_asm().values() for word in text.split()}
    assert not words & {"exp", "expm1", "log", "log1p", "ldexp", "pow"}
