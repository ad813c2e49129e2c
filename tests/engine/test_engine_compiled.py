"""The compiled recursion, blocks and threads: the same bits as without them."""

import os
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from engine_models import PLAIN, build, one_cohort, run, years
from hypothesis import given
from random_models import cases, examples
from test_engine_invariants import same_bits

import nbsmodel
from nbsmodel.engine import cohort as cohort_module
from nbsmodel.engine.memory import CHUNK, block_size
from nbsmodel.engine.parallel import in_order

MODELS = Path(__file__).resolve().parents[1] / "models"


@pytest.fixture
def count_runs(monkeypatch):
    """How many cohorts were run compiled and row by row."""
    runs = {"compiled": 0, "by_row": 0}
    for name in runs:
        original = getattr(cohort_module.CohortRun, f"_run_{name}")

        def counted(self, moves, name=name, original=original):
            runs[name] += 1
            original(self, moves)

        monkeypatch.setattr(cohort_module.CohortRun, f"_run_{name}", counted)
    return runs


def both_ways(run_it):
    """Results of the compiled recursion and of the one in NumPy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cohort_module, "worth_it", lambda numbers: True)
        one = run_it()
        patch.setattr(cohort_module, "worth_it", lambda numbers: False)
        return one, run_it()


# --- compiled or not -------------------------------------------------------------------------


@examples(80)
@given(cases())
def test_both_recursions_give_the_same_bits(case):
    assert same_bits(*both_ways(lambda: case.run(case.draws, keep_trace=True)))
    assert same_bits(*both_ways(lambda: case.run(case.draws)))


@examples(10)
@given(cases())
def test_both_recursions_give_the_same_bits_over_several_chunks(case):
    draws = {name: np.resize(column, 2 * compiled_lanes() + 5) for name, column in case.draws.items()}
    draws = {name: column * np.linspace(0.5, 1, len(column)) for name, column in draws.items()}
    assert same_bits(*both_ways(lambda: case.run(draws, keep_trace=True)))


def compiled_lanes():
    from nbsmodel.numerics.recursion import LANES

    return LANES


def test_a_block_holds_whole_chunks():
    assert compiled_lanes() == CHUNK
    for need, draws, threads in product((100, 30_000, 600_000, 5_000_000), (1, 127, 128, 1000, 10_000), (1, 2, 3)):
        size = block_size(need, draws, threads)
        assert 1 <= size <= draws
        assert size < CHUNK or size % CHUNK == 0 or size == draws
    assert block_size(600_000, 10_000, 3) == CHUNK  # part of a chunk would cost as much as a whole one
    assert block_size(100, 1000, 4) == CHUNK  # something to do for everybody


def test_a_small_run_loads_no_compiler_and_a_large_one_does():
    script = (
        "import sys, nbsmodel, numpy as np\n"
        f"model = nbsmodel.load_model({str(MODELS / 'sick_sicker_bench')!r})\n"
        "base = nbsmodel.evaluate(model)\n"
        "print(*(name in sys.modules for name in ('numba', 'scipy.stats', 'scipy.special', 'matplotlib')))\n"
        "many = nbsmodel.evaluate(model, {'c_H': np.full(300, 2000.0)})\n"
        "print('numba' in sys.modules, all((many.sums[k] == base.sums[k]).all() for k in base.sums))\n"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"] * 4 + ["True", "True"]


# --- clocks that all start at entry ----------------------------------------------------------

COURSE = {
    "cycles": years(6),
    "states": {"ill": {}, "worse": {}, "other": {}, "dead": {"dead": True}},
    "clocks": {"sick": {"runs_in": ["ill", "worse"]}},
    "transitions": {
        "ill": {"worse": {"hazard": "h * exp(-time_in_state)"}, "dead": {"hazard": "0.1 * sick"}},
        "worse": {"dead": {"hazard": 0.3}},
        "other": {"ill": {"hazard": "h_back"}},
    },
    "payoffs": [
        {"in": "alive", "outcome": "cost", "per": "year", "value": "100 + age"},
        {"moving": {"from": "ill", "to": "dead"}, "outcome": "cost", "value": "50 * (1 + time)"},
    ],
}
START = {"ill": 0.5, "other": "rest"}


@pytest.mark.parametrize(("back", "way"), [(0, "compiled"), (0.2, "by_row")])
def test_clocks_that_all_start_at_entry_need_no_slots(count_runs, back, way):
    """Where nobody comes to a state later, its clocks are known for all rows at once."""
    model = build(one_cohort(COURSE, START), {"h": (0.5, "rate"), "h_back": (float(back), "rate")})
    draws = {"h": np.linspace(0, 1, 5)}
    one, other = both_ways(lambda: run(model, draws=draws, keep_trace=True))
    assert same_bits(one, other)
    assert count_runs == ({"compiled": 1, "by_row": 1} if way == "compiled" else {"compiled": 0, "by_row": 2})


def test_draws_in_which_somebody_comes_later_do_not_change_the_others():
    model = build(one_cohort(COURSE, START), {"h": (0.5, "rate"), "h_back": (0.0, "rate")})
    draws = {"h": np.linspace(0.1, 1, 6), "h_back": np.array([0, 0, 0.3, 0, 0.1, 0])}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cohort_module, "worth_it", lambda numbers: True)
        whole = run(model, draws=draws, keep_trace=True)
        for block in (1, 2, 4):
            assert same_bits(run(model, draws=draws, keep_trace=True, block=block), whole)


def test_an_impossible_value_is_no_error_where_nobody_is_left():
    """Everybody has moved on after one cycle; the hazard below zero later on concerns nobody."""
    course = {
        "cycles": years(4),
        "states": {"a": {}, "b": {}},
        "transitions": {"a": {"b": {"probability": "1 if time_in_state < 1 else 7"}}},
    }
    model = build(one_cohort(course, "a"))
    one, other = both_ways(lambda: run(model, keep_trace=True))
    assert same_bits(one, other)
    course["transitions"]["a"]["b"]["probability"] = "0.5 if time_in_state < 1 else 7"
    model = build(one_cohort(course, "a"))
    for worth in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cohort_module, "worth_it", lambda numbers, worth=worth: worth)
            with pytest.raises(nbsmodel.InputError, match=r"from a to b is 7 .*cycle 1"):
                run(model)


# --- threads ---------------------------------------------------------------------------------


@examples(15)
@given(cases())
def test_same_bits_for_every_number_of_threads(case):
    whole = case.run(case.draws, keep_trace=True)
    for threads, block in product((1, 2, 3), (1, 2, None)):
        assert same_bits(case.run(case.draws, keep_trace=True, threads=threads, block=block), whole)


def test_same_bits_for_threads_and_blocks_of_a_larger_run():
    model = nbsmodel.load_model(MODELS / "sick_sicker_bench")
    draws = model.parameters.draws(700, seed=3)
    whole = nbsmodel.engine.evaluate.evaluate(model, draws, keep_trace=True)
    for threads, block in ((2, None), (3, None), (2, 100), (3, 333), (1, 129), (2, 1)):
        again = nbsmodel.engine.evaluate.evaluate(model, draws, keep_trace=True, threads=threads, block=block)
        assert same_bits(again, whole)


def test_the_first_error_is_reported_whatever_the_threads():
    model = build(
        one_cohort(
            {
                "cycles": years(2),
                "states": {"living": {}, "dead": {"dead": True}},
                "transitions": {"living": {"dead": {"hazard": "h - 1"}}},
            }
        ),
        {"h": (2.0, "rate")},
    )
    draws = {"h": np.array([2.0, 3.0, 0.5, 2.0, 0.25, 2.0])}
    for threads in (1, 2, 3):
        with pytest.raises(nbsmodel.InputError, match=r"is -0\.5 .*draw 2"):
            run(model, PLAIN, draws=draws, threads=threads, block=1)


def test_no_threads_are_none():
    model = nbsmodel.load_model(MODELS / "sick_sicker_bench")
    with pytest.raises(ValueError, match="thread"):
        nbsmodel.engine.evaluate.evaluate(model, threads=0)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_order_and_not_too_far_ahead(threads):
    begun = []

    def work(i):
        begun.append(i)
        time.sleep(0.02 if i % 3 == 0 else 0)
        return i * i

    for n, found in enumerate(in_order(work, range(20), threads)):
        assert found == n * n
        assert len(begun) <= n + 1 + (threads if threads > 1 else 0)
    assert sorted(begun) == list(range(20))


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_comes_in_its_turn_and_stops_the_work(threads):
    begun = []

    def work(i):
        begun.append(i)
        if i == 4:
            raise KeyError(i)
        return i

    found = []
    with pytest.raises(KeyError, match="4"):
        found.extend(in_order(work, range(1000), threads))
    assert len(begun) < 20
