"""Time in state over long horizons: runs in little memory, or is refused with the estimate."""

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from engine_models import PLAIN, build, one_cohort, run

import nbsmodel
from nbsmodel.engine.memory import bytes_per_draw
from nbsmodel.engine.timegrid import time_grid

LIMIT = 500e6


def five_states(cycles, clocks=None, strategies=None, steps=(1, 3)):
    """Five states in a ring, each leading so many steps on and to death; all remember all clocks."""
    names = [f"s{i}" for i in range(5)]
    clocks = clocks or {}
    since = " + ".join(("time_in_state", *clocks))
    hazard = {"hazard": f"h * exp(-0.01 * ({since}))"}
    ways = {s: {names[(i + step) % 5]: hazard for step in steps} for i, s in enumerate(names)}
    cohort = {
        "cycles": {"length": "1 month", "count": cycles},
        "states": {s: {} for s in names} | {"dead": {"dead": True}},
        "clocks": {name: {"runs_in": names[:k]} for name, k in clocks.items()},
        "transitions": {s: way | {"dead": {"hazard": 0.01}} for s, way in ways.items()},
        "payoffs": [{"in": "alive", "outcome": "qaly", "per": "year", "value": f"0.9 * exp(-0.01 * ({since}))"}],
    }
    return build(one_cohort(cohort, "s0"), {"h": (0.05, "rate")}, strategies=strategies)


def peak(model, **how):
    tracemalloc.start()
    try:
        result = run(model, **how)
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()


def estimate(model):
    return bytes_per_draw(model, {"life": time_grid(model.cohorts["life"], None)}, keep_trace=False)


LARGE_RUN = """
import resource, sys
from pathlib import Path
from engine_models import run
from test_engine_memory import five_states
result = run(five_states(1200, steps=(1,)), keep_trace=True)
assert abs(result.trace("life").sum(axis=-1) - 1).max() < 1e-12
status = Path("/proc/self/status")
if status.exists():  # getrusage there knows the parent's peak as well, from before this program was loaded
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    print(int(line.split()[1]) * 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # bytes, on a Mac
"""


def test_time_in_state_in_all_of_five_states_over_1200_cycles():
    """The whole process, with all that it imports."""
    path = {"PYTHONPATH": os.pathsep.join((str(Path(__file__).parent), *sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", LARGE_RUN], env=os.environ | path, capture_output=True, text=True, check=True
    )
    assert 50e6 < int(done.stdout) < LIMIT


def test_blocks_keep_many_draws_within_the_limit():
    """With 300 cycles and 200 draws."""
    used, _ = peak(five_states(300), draws={"h": np.linspace(0.01, 0.2, 200)})
    assert used < LIMIT


def test_three_clocks_over_1200_cycles_are_refused_with_the_estimate():
    model = five_states(1200, {"one": 5, "two": 4})
    with pytest.raises(nbsmodel.InputError) as refused:
        run(model)
    megabytes = f"{estimate(model) / 1e6:,.0f} MB"
    assert megabytes in str(refused.value)
    assert "500 MB" in str(refused.value) and "1,200 cycles" in str(refused.value)
    assert "cohorts.life" in refused.value.problems[0].place
    assert "s0 remembers time_in_state and one and two" in str(refused.value)


def test_two_clocks_over_1200_cycles_are_refused_where_two_strategies_are_compared():
    model = five_states(1200, {"one": 5}, {"a": {"lever": 0}, "b": {"lever": 1}}, steps=(1, 2, 3, 4))
    with pytest.raises(nbsmodel.InputError, match=r"about 5\d\d MB, at most 500 MB"):
        run(model)


def test_a_block_size_does_not_get_round_the_limit():
    with pytest.raises(nbsmodel.InputError, match="MB"):
        run(five_states(1200, {"one": 5, "two": 4}), draws={"h": np.array([0.1, 0.2])}, block=1)


@pytest.mark.parametrize(
    ("cycles", "clocks"), [(120, {"one": 4}), (50, {"one": 4, "two": 3}), (50, {"one": 3, "two": 4})]
)
def test_the_estimate_is_an_upper_one(cycles, clocks):
    """And not so high that models are refused which would fit."""
    model = five_states(cycles, clocks)
    run(model)  # whatever is cached is no part of it
    used, _ = peak(model)
    assert used < estimate(model) < 4 * used


@pytest.mark.parametrize(("hazard", "value"), [("h * (1 + 0.1 * age)", "age * h"), ("h * on + 0.1 * age", "1 + h")])
@pytest.mark.parametrize("delay", ["0", "on"])
def test_the_estimate_is_an_upper_one_without_clocks(hazard, value, delay):
    """What does not vary with the strategy is not counted by strategy, and stays below all the same."""
    cohort = {
        "cycles": {"length": "1 month", "count": 600},
        "states": {"a": {}, "b": {}, "dead": {"dead": True}},
        "transitions": {
            "a": {"b": {"hazard": hazard}, "dead": {"hazard": "0.01 * exp(0.01 * age)"}},
            "b": {"a": {"hazard": hazard}, "dead": {"probability": "rate_to_prob(h, dt)", "per": "cycle"}},
        },
        "payoffs": [{"in": "alive", "outcome": "cost", "per": "year", "value": value}],
    }
    strategies = {name: {"on": i} for i, name in enumerate("xyz")}
    tree = {"tree": {"all": {"p": 1, "cohort": "life", "start": "a", "delay": delay}}, "cohorts": {"life": cohort}}
    model = build(tree, {"h": (0.05, "rate")}, strategies=strategies)
    draws = {"h": np.linspace(0.01, 0.2, 256)}
    run(model, draws=draws)
    used, _ = peak(model, draws=draws, block=256)
    assert used < 256 * estimate(model) < 6 * used


def test_a_horizon_makes_it_fit():
    model = five_states(1200, {"one": 5, "two": 4})
    result = run(model, PLAIN | {"horizon": "1 year"})
    assert result.grids["life"].n == 12
