"""Random numbers of simulated children: known answers, a second version, and batteries on the streams as they are used.

Thresholds were set before looking: chi-square and Kolmogorov-Smirnov at p > 1e-4, other statistics within
four standard errors, all with fixed seeds.
"""

import hashlib

import numpy as np
import pytest
from scipy import stats

from nbsmodel.numerics.philox import event_number, fill_cycles, in_cycle, once, philox, stream_key, unit

N = 2**16
LOW = 0xFFFFFFFF


def in_python(counter, key, rounds=10):
    """Philox 4x32 as the paper has it, in Python's integers."""
    c, k = list(counter), list(key)
    for _ in range(rounds):
        high_0, low_0 = divmod(0xD2511F53 * c[0], 2**32)
        high_1, low_1 = divmod(0xCD9E8D57 * c[2], 2**32)
        c = [high_1 ^ c[1] ^ k[0], low_1, high_0 ^ c[3] ^ k[1], low_0]
        k = [(k[0] + 0x9E3779B9) & LOW, (k[1] + 0xBB67AE85) & LOW]
    return tuple(c)


def words(counter, key):
    return tuple(int(w) for w in philox(*(np.uint64(x) for x in (*counter, *key))))


def filled(cycles, individuals, *, first=0, draw=0, event="walk course", seed=1, purpose="child"):
    """Numbers (cycle, individual) as the walk makes them."""
    out = np.full((cycles + cycles % 2, individuals), np.nan)
    fill_cycles(out, cycles, individuals, first, draw, event_number(event), *stream_key(seed, purpose))
    return out[:cycles]


# --- the generator ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((LOW,) * 4, (LOW,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_known_answers(counter, key, answer):
    """Those of the authors' own library, Random123, for philox4x32 with ten rounds."""
    assert words(counter, key) == answer
    assert in_python(counter, key) == answer


def test_random_counters_agree_with_a_second_version():
    """Three vectors would not notice a carry that goes wrong now and then."""
    random = np.random.default_rng(1)
    for _ in range(2000):
        numbers = [int(x) for x in random.integers(0, 2**32, 6)]
        assert words(numbers[:4], numbers[4:]) == in_python(numbers[:4], numbers[4:])


def test_numbers_are_of_an_open_interval():
    """Neither 0 nor 1 can come: a probability of 1 always happens, one of 0 never, and quantiles are finite."""
    ends = [float(unit(np.uint64(w), np.uint64(w))) for w in (0, LOW)]
    assert ends == [2.0**-53, 1 - 2.0**-53]
    assert 0 < ends[0] and ends[1] < 1


def test_every_bit_of_a_number_comes_from_the_words():
    """52 bits, the first word above the second; the 12 lowest bits of the second do not matter."""
    assert float(unit(np.uint64(1 << 31), np.uint64(0))) == 0.5 + 2.0**-53
    assert float(unit(np.uint64(0), np.uint64(1 << 12))) == 1.5 * 2.0**-52
    assert float(unit(np.uint64(0), np.uint64((1 << 12) - 1))) == 2.0**-53


# --- keys, counters and blocks ---------------------------------------------------------------


def test_a_seed_is_any_integer():
    """0 and negative numbers are seeds like others; nothing but an integer is one."""
    seeds = [0, 1, -1, 2**32, 2**64, np.int64(7)]
    assert len({stream_key(seed, "child") for seed in seeds}) == len(seeds)
    assert stream_key(np.int32(7), "child") == stream_key(7, "child")
    with pytest.raises(TypeError):
        stream_key(1.0, "child")


def test_seed_and_purpose_cannot_be_mistaken_for_one_another():
    """The text that is hashed says where the seed ends; a change of it would change every published run."""
    assert stream_key(1, "1child") != stream_key(11, "child")
    digest = hashlib.sha256(b'[1, "child"]').digest()
    assert [int(k) for k in stream_key(1, "child")] == list(np.frombuffer(digest[:8], "<u4"))
    assert int(event_number("é")) == np.frombuffer(hashlib.sha256(b'["\\u00e9"]').digest()[:4], "<u4")[0]


def test_events_of_a_model_have_counters_of_their_own():
    """A counter word has 32 bits: of the events of one model, at most hundreds, none may meet.

    Ten thousand names meet in 0.01 pairs on average; these do not.
    """
    names = [f"{kind} {i}" for kind in ("walk", "attribute", "node", "start") for i in range(2500)]
    assert len({int(event_number(name)) for name in names}) == len(names)


def test_filling_cycles_is_asking_one_by_one():
    """For odd and even numbers of cycles, later children, later draws."""
    for cycles, first, draw in ((5, 0, 0), (6, 1000, 3), (1, 2**32 - 4, 2**32 - 1)):
        whole = filled(cycles, 4, first=first, draw=draw, seed=9)
        for t in range(cycles):
            for i in range(4):
                assert whole[t, i] == in_cycle(9, "child", "walk course", first + i, draw, t)


def test_once_in_blocks_is_once_whole():
    """Over children and over draws, whatever the cuts."""
    whole = once(3, "child", "attribute x", 1000, 7)
    pieces = [
        np.concatenate([once(3, "child", "attribute x", n, k, i, d) for i, n in ((0, 1), (1, 702), (703, 297))], axis=1)
        for d, k in ((0, 3), (3, 4))
    ]
    assert np.array_equal(np.concatenate(pieces), whole)
    assert whole[5, 17] == in_cycle(3, "child", "attribute x", 17, 5, 0)


def test_different_seeds_purposes_events_draws_and_children_share_no_number():
    """52 bits: among these half a million numbers two alike are expected 3e-5 times."""
    parts = [
        once(seed, purpose, event, 4096, 8)
        for seed in (0, 1)
        for purpose in ("child", "attribute")
        for event in ("walk a", "walk b", "node a | b", "attribute x")
    ]
    numbers = np.concatenate(parts, axis=None)
    assert len(np.unique(numbers)) == len(numbers)


# --- quality, along every way in which a simulation steps from number to number --------------


def streams():
    """Sequences of N numbers, each along one coordinate of the counter or the key."""
    block = filled(256, 256)
    return {
        "children": filled(1, N)[0],
        "children in the second half of a step": filled(2, N)[1],
        "children, last of 2^32": filled(1, N, first=2**32 - N)[0],
        "cycles of one child": filled(N, 1)[:, 0],
        "cycles of child after child": block.T.ravel(),
        "children in cycle after cycle": block.ravel(),
        "draws of one child": once(1, "child", "attribute x", 1, N)[:, 0],
        "events of one child": np.array([once(1, "child", f"attribute {i}", 1)[0, 0] for i in range(N // 4)]),
        "seeds of one child": np.array([once(seed, "child", "attribute x", 1)[0, 0] for seed in range(N // 4)]),
    }


@pytest.fixture(scope="module")
def sequences():
    return streams()


WAYS = (
    "children", "children in the second half of a step", "children, last of 2^32", "cycles of one child",
    "cycles of child after child", "children in cycle after cycle", "draws of one child", "events of one child",
    "seeds of one child",
)  # fmt: skip
along = pytest.mark.parametrize("way", WAYS)


@along
def test_numbers_are_uniform(sequences, way):
    """Equal shares of 256 parts, of the part after 2^20 (low bits), and the whole distribution."""
    u = sequences[way]
    assert stats.chisquare(np.bincount((u * 256).astype(int), minlength=256)).pvalue > 1e-4
    low = (u * 2.0**52).astype(np.int64) & 255
    assert stats.chisquare(np.bincount(low, minlength=256)).pvalue > 1e-4
    assert stats.kstest(u, "uniform").pvalue > 1e-4


@along
def test_neighbours_are_independent(sequences, way):
    """Pairs and triples fall evenly into squares and cubes; no correlation at small lags."""
    u = sequences[way]
    for dimension, parts in ((2, 16), (3, 8)):
        cells = (u[: len(u) // dimension * dimension].reshape(-1, dimension) * parts).astype(int)
        index = cells @ parts ** np.arange(dimension)
        assert stats.chisquare(np.bincount(index, minlength=parts**dimension)).pvalue > 1e-4
    centred = u - 0.5
    for lag in (1, 2, 3, 4, 64, 256):
        z = (centred[lag:] * centred[:-lag]).sum() * 12 / np.sqrt(len(u) - lag)
        assert abs(z) < 4


@along
def test_runs_above_and_below_the_middle(sequences, way):
    """As many runs as a fair coin has."""
    u = sequences[way]
    above = u > 0.5
    n1, n = int(above.sum()), len(u)
    n0 = n - n1
    runs = 1 + int((above[1:] != above[:-1]).sum())
    mean = 1 + 2 * n0 * n1 / n
    variance = (mean - 1) * (mean - 2) / (n - 1)
    assert abs(runs - mean) < 4 * np.sqrt(variance)


@along
def test_runs_up_have_the_right_lengths(sequences, way):
    """Knuth's test with a number thrown away between runs, which makes their lengths independent."""
    u = sequences[way]
    lengths, i = [], 0
    while i < len(u) - 12:
        n = 1
        while u[i + n] > u[i + n - 1]:
            n += 1
        lengths.append(min(n, 6))
        i += n + 1
    factorial = np.array([1, 2, 6, 24, 120, 720])
    share = np.append(1 / factorial[:-1] - 1 / factorial[1:], 1 / 720)
    found = np.bincount(lengths, minlength=7)[1:]
    assert stats.chisquare(found, share * found.sum()).pvalue > 1e-4


@along
def test_birthday_spacings(sequences, way):
    """Marsaglia: 512 birthdays in a year of 2^24 days repeat 2 spacings on average; lattices repeat more."""
    u = sequences[way]
    days = np.sort((u[: len(u) // 512 * 512] * 2**24).astype(np.int64).reshape(-1, 512), axis=1)
    spacings = np.sort(np.diff(days, axis=1), axis=1)
    repeated = (np.diff(spacings, axis=1) == 0).sum()
    expected = len(days) * 512**3 / (4 * 2**24)
    assert abs(repeated - expected) < 4 * np.sqrt(expected)


@along
def test_collisions(sequences, way):
    """As many numbers as there are fall into 2^20 boxes: the empty ones are as many as expected."""
    u = sequences[way]
    n, boxes = len(u), 2**20
    collisions = n - len(np.unique((u * boxes).astype(np.int64)))
    expected = n - boxes * (1 - (1 - 1 / boxes) ** n)
    assert abs(collisions - expected) < 4 * np.sqrt(expected)


def test_streams_that_run_side_by_side_are_uncorrelated():
    """Neighbouring children over cycles, neighbouring cycles over children, other draws, events and seeds."""
    cycles = filled(512, 128) - 0.5
    base = once(1, "child", "attribute x", N)[0] - 0.5
    others = [
        once(1, "child", "attribute y", N)[0], once(2, "child", "attribute x", N)[0],
        once(1, "other", "attribute x", N)[0], once(1, "child", "attribute x", N, 1, 0, 1)[0],
        once(1, "child", "attribute x", N, 1, 1)[0], once(1, "child", "attribute x", N, 1, N)[0], filled(1, N)[0],
    ]  # fmt: skip
    for other in others:
        assert abs((base * (other - 0.5)).sum() * 12 / np.sqrt(N)) < 4
    for a, b in ((cycles[:, 1:], cycles[:, :-1]), (cycles[1:], cycles[:-1]), (cycles[2:], cycles[:-2])):
        assert abs((a * b).sum() * 12 / np.sqrt(a.size)) < 4


def test_correlations_of_many_children_are_those_of_chance():
    """All 32,640 pairs of 256 children over 1,024 cycles: their sum of squares, and the largest of them."""
    matrix = np.corrcoef(filled(1024, 256).T)
    r = matrix[np.triu_indices(256, 1)] * np.sqrt(1024)
    assert abs((r**2).sum() - len(r)) < 4 * np.sqrt(2 * len(r))
    assert np.abs(r).max() < stats.norm.isf(1e-4 / (2 * len(r)))


@pytest.mark.parametrize("which", ["child", "draw", "event", "cycle", "seed"])
def test_one_changed_bit_changes_half_of_the_bits(which):
    """Each of the input's 32 bits, each of the 128 bits of the answer: half, over 400 counters.

    A seed goes through a hash first, so its bits are those of the key.
    """
    random = np.random.default_rng(5)
    numbers = [int(x) for x in random.integers(0, 2**16, 400)]
    place = {"child": 0, "draw": 1, "event": 2, "cycle": 3, "seed": 4}[which]
    flips = np.zeros((32, 128))
    for x in numbers:
        start = [x, 3, int(event_number("walk course")), 5, 17, 29]
        start[place] = x
        before = _bits(start)
        for bit in range(32):
            changed = list(start)
            changed[place] = x ^ (1 << bit)
            flips[bit] += before != _bits(changed)
    z = (flips - 200) / np.sqrt(400 * 0.25)
    assert stats.chi2.sf((z**2).sum(), z.size) > 1e-4
    assert np.abs(z).max() < stats.norm.isf(1e-4 / (2 * z.size))
    assert abs(z.mean(axis=1)).max() * np.sqrt(128) < stats.norm.isf(1e-4 / 64)


def _bits(numbers):
    return np.unpackbits(np.array(words(numbers[:4], numbers[4:]), dtype="<u4").view(np.uint8))
