"""Nested simulation: against closed forms, against a plain double loop, beside the regression."""

import numpy as np
import pytest
from scipy.special import ndtri
from voi_models import frame, sample_from, single, unit_loss

from nbsmodel.analysis.evppi import evppi_table
from nbsmodel.analysis.nested_evppi import nested_evppi
from nbsmodel.numerics.random import uniforms


def draw(first, count):
    """p1 ~ N(1, 1), p2 ~ N(0, sd 2); by number of the draw."""
    z = {name: ndtri(uniforms(1, "tests", name, count, first)) for name in ("p1", "p2")}
    return {"p1": 1 + z["p1"], "p2": 2 * z["p2"]}


def evaluate(rows, first):
    nb = rows["p1"] - rows["p2"]
    return sample_from(np.zeros(len(nb)), nb), np.ones(len(nb), dtype=bool)


@pytest.mark.parametrize(("members", "truth"), [(("p1",), unit_loss(1, 1)), (("p2",), unit_loss(1, 2))])
def test_the_normal_model(members, truth):
    (found,) = nested_evppi(members, [1.0], 2000, 100, draw, evaluate)
    assert abs(found.value - truth) < 3 * found.se
    assert found.se < 0.03


def test_few_inner_draws_leave_next_to_no_bias():
    """A mean over m inner draws spreads by sqrt(1 + 4 / m): the plain estimate is too high, not the corrected one."""
    truth, plain, halves = (unit_loss(1, np.sqrt(1 + 4 / m)) for m in (np.inf, 20, 10))
    assert plain - truth > 0.015
    assert abs(2 * plain - halves - truth) < 0.002
    (found,) = nested_evppi(("p1",), [1.0], 4000, 20, draw, evaluate)
    assert abs(found.value - (2 * plain - halves)) < 3 * found.se
    assert found.se < 0.007


def test_a_plain_double_loop_gives_the_same():
    """With the same draws, number by number."""
    outer, inner = 30, 10
    (found,) = nested_evppi(("p1",), [1.0], outer, inner, draw, evaluate)
    known = draw(0, outer)["p1"]
    whole, halves = [], []
    for o in range(outer):
        rest = [float(draw(outer + o * inner + i, 1)["p2"][0]) for i in range(inner)]
        nb = [known[o] - x for x in rest]
        whole.append(sum(nb) / inner)
        halves.append((sum(nb[: inner // 2]) / (inner // 2), sum(nb[inner // 2 :]) / (inner // 2)))
    best = sum(whole) > 0

    def gain(mean):
        return max(mean, 0.0) - (mean if best else 0.0)

    values = [2 * gain(w) - (gain(a) + gain(b)) / 2 for w, (a, b) in zip(whole, halves, strict=True)]
    assert found.value == pytest.approx(np.mean(values))
    assert found.se == pytest.approx(np.std(values, ddof=1) / np.sqrt(outer))


def test_rows_that_cannot_be_run_are_left_out():
    def refusing(rows, first):
        sample, kept = evaluate(rows, first)
        bad = rows["p2"] > 4
        return sample_from(*np.where(bad[:, None], 1e9, sample.net_benefit(1.0)).T), ~bad

    (found,) = nested_evppi(("p1",), [1.0], 500, 50, draw, refusing)
    assert 0 < found.value < 0.2

    def never(rows, first):
        sample, kept = evaluate(rows, first)
        return sample, np.asarray(rows["p1"]) < 1.5  # some outer draws are impossible altogether

    (found,) = nested_evppi(("p1",), [1.0], 500, 50, draw, never)
    assert np.isfinite(found.value)


def test_the_regression_and_the_nested_simulation_agree_on_a_curved_model():
    def both(rows):
        a, b, c = rows["a"], rows["b"], rows["c"]
        return np.column_stack([0 * a, a * b - 1, np.sqrt(b) * c - 0.9])

    def sampled(first, count):
        u = {name: uniforms(2, "tests", name, count, first) for name in "abc"}
        return {"a": -np.log(u["a"]), "b": 0.5 + u["b"], "c": 2 * u["c"]}

    def run(rows, first):
        return sample_from(*both(rows).T), np.ones(len(rows["a"]), dtype=bool)

    draws = frame(**sampled(10_000_000, 5000))
    table = evppi_table(sample_from(*both(draws.to_dict("series")).T), draws, single("a", "b", "c"), [1.0])
    for name in "abc":
        (check,) = nested_evppi((name,), [1.0], 1000, 100, sampled, run)
        row = table.set_index("set").loc[name]
        assert abs(row["evppi"] - check.value) < 4 * np.hypot(row["se"], check.se)


def test_thresholds_share_the_runs():
    runs = []

    def counting(rows, first):
        runs.append(len(rows["p1"]))
        nb = rows["p1"] - rows["p2"]
        sample = sample_from(np.zeros(len(nb)), nb)
        return type(sample)(("a", "b"), 0, sample.cost, np.column_stack([0 * nb, nb]), sample.draws), nb == nb

    found = nested_evppi(("p1",), [0.5, 1.0], 200, 50, draw, counting)
    assert sum(runs) == 200 * 50
    assert max(runs) <= 5000
    # net benefit is linear in the threshold: half as much effect on top of the same cost
    assert found[0].value == pytest.approx(found[1].value * 1.5 / 2, rel=1e-9)
