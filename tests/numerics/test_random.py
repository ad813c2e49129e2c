"""Keyed uniforms: the same number wherever it is drawn, and uniform."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nbsmodel.numerics.random import uniforms


def test_numbers_never_change():
    # Philox 4x64-10, key from SHA-256. A change here changes every result with random numbers.
    np.testing.assert_allclose(uniforms(0, "psa", "p_uptake", 3), [0.44929979, 0.0098636, 0.04250177], atol=5e-9)
    np.testing.assert_allclose(uniforms(1, "psa", "p_uptake", 2, 10**12), [0.01599011, 0.09726476], atol=5e-9)


WHOLE = uniforms(7, "psa", "x", 300)


@given(start=st.integers(0, 300), n=st.integers(0, 300))
def test_any_block_is_a_slice_of_the_whole(start, n):
    n = min(n, 300 - start)
    np.testing.assert_array_equal(uniforms(7, "psa", "x", n, start), WHOLE[start : start + n])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 64])
def test_blocks_of_any_size_join_to_the_whole(size):
    blocks = [uniforms(7, "psa", "x", min(size, 300 - start), start) for start in range(0, 300, size)]
    np.testing.assert_array_equal(np.concatenate(blocks), WHOLE)


def test_far_positions_join_too():
    start = 4 * 2**62 - 3
    together = uniforms(7, "psa", "x", 8, start)
    np.testing.assert_array_equal(together[5:], uniforms(7, "psa", "x", 3, start + 5))


def test_each_part_of_the_key_matters():
    keys = [(0, "psa", "x"), (1, "psa", "x"), (-1, "psa", "x"), (0, "evppi", "x"), (0, "psa", "y")]
    # texts that would meet if they were only joined
    keys += [(0, "psax", ""), (0, "", "psax"), (0, 'psa","x', ""), (1, "0psa", "x"), (10, "psa", "x")]
    streams = [tuple(uniforms(*key, 4)) for key in keys]
    assert len(set(streams)) == len(keys)


def test_letters_beyond_ascii_are_allowed():
    assert not np.array_equal(uniforms(0, "psa", "é", 4), uniforms(0, "psa", "e", 4))


@pytest.mark.parametrize("seed", [np.int64(7), np.uint8(7)])
def test_numpy_integers_are_seeds(seed):
    np.testing.assert_array_equal(uniforms(seed, "psa", "x", 5), WHOLE[:5])


@pytest.mark.parametrize("seed", [7.0, "7", None])
def test_anything_else_is_no_seed(seed):
    with pytest.raises(TypeError):
        uniforms(seed, "psa", "x", 5)


def test_does_not_touch_or_use_the_global_state():
    def state():
        return pickle.dumps(np.random.get_state())  # noqa: NPY002 - the state that must stay as it is

    before = state()
    uniforms(0, "psa", "x", 100)
    assert state() == before


def test_same_in_another_process():
    code = (
        "import json; from nbsmodel.numerics.random import uniforms;"
        "print(json.dumps(uniforms(7, 'psa', 'x', 5, 2).tolist()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == WHOLE[2:7].tolist()


def test_drawing_from_one_stream_does_not_disturb_another():
    alone = uniforms(0, "psa", "a", 10)
    uniforms(0, "psa", "b", 10)
    np.testing.assert_array_equal(uniforms(0, "psa", "a", 10), alone)


@pytest.mark.parametrize(("n", "start"), [(-1, 0), (1, -1)])
def test_negative_sizes_are_refused(n, start):
    with pytest.raises(ValueError, match="must not be negative"):
        uniforms(0, "psa", "x", n, start)


def test_empty_block():
    assert uniforms(0, "psa", "x", 0).shape == (0,)


@pytest.mark.parametrize("seed", [0, 1, 12345])
def test_uniform_battery(seed):
    n = 200_000
    u = uniforms(seed, "test", "battery", n)
    assert u.min() > 0
    assert u.max() < 1
    # Bounds at 4.5 standard errors; the streams are fixed, so this cannot fail by chance later.
    assert abs(u.mean() - 0.5) < 4.5 / np.sqrt(12 * n)
    assert abs(u.var() - 1 / 12) < 4.5 / np.sqrt(180 * n)
    assert stats.kstest(u, "uniform").pvalue > 1e-4
    z = u - 0.5
    for lag in (1, 2, 3, 4, 5, 8, 100):
        assert abs(np.mean(z[lag:] * z[:-lag]) * 12) < 4.5 / np.sqrt(n)
    counts = np.histogram(u, bins=100, range=(0, 1))[0]
    assert stats.chisquare(counts).pvalue > 1e-4


def test_neighbouring_keys_are_not_correlated():
    n = 20_000
    streams = np.array([uniforms(seed, "test", name, n) for seed in (0, 1, 2) for name in ("a", "b", "p_1", "p_2")])
    correlation = np.corrcoef(streams)
    off_diagonal = correlation[~np.eye(len(streams), dtype=bool)]
    assert np.abs(off_diagonal).max() < 4.5 / np.sqrt(n)
