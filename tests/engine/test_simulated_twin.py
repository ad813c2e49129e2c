"""Time in state and clocks against a million simulated people.

The simulation below is a second, independent reading of the same hazards: people one by one in
NumPy, with their own clocks, no slots and no shared code. Agreement within 4 standard errors.
"""

from pathlib import Path

import numpy as np
import pytest

import nbsmodel

MODEL = """
title: Semi-Markov
condition: invented
decision_problem: none
population: none
perspective: none
currency: GBP
price_year: none
basis: patient
strategies: {old: {ratio: 1.0}, new: {ratio: 0.6}}
comparator: old
tree: {all: {p: 1, cohort: course, start: well}}
cohorts:
  course:
    start_age: 40
    cycles: [{length: 6 months, until: 2 years}, {length: 1 year, until: 22 years}]
    states: {well: {}, ill: {}, worse: {}, dead: {dead: true}}
    clocks: {sick: {runs_in: [ill, worse]}}
    transitions:
      well: {ill: {hazard: 0.2}, dead: {hazard: 0.002 * exp(0.08 * (age - 40))}}
      ill:
        well: {probability: 0.3 * dt * exp(-time_in_state)}
        worse: {probability: "rate_to_prob(ratio * 0.1 * (1 + time_in_state), dt)"}
        dead: {hazard: 0.01 * (1 + 0.2 * sick)}
      worse: {dead: {hazard: 0.05 * (1 + 0.2 * sick)}}
    payoffs:
      - {in: [ill, worse], outcome: cost, per: year, value: 1000 * (1 + 0.1 * sick)}
      - {in: well, outcome: qaly, per: year, value: 0.9}
      - {in: [ill, worse], outcome: qaly, per: year, value: 0.7 * exp(-0.05 * time_in_state)}
      - {moving: {from: ill, to: worse}, outcome: cost, value: 500 * time_in_state}
settings:
  {discount_rate_costs: 0.03, discount_rate_outcomes: 0.01, discount_timing: start, within_cycle_correction: end}
"""
PARAMETERS = "name,value,unit,source,status\nunused,1,number,s,assumption\n"
PEOPLE = 1_000_000
WELL, ILL, WORSE, DEAD = range(4)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("semi")
    (folder / "model.yaml").write_text(MODEL)
    (folder / "parameters.csv").write_text(PARAMETERS)
    (folder / "sources.yaml").write_text("s: {citation: none}\n")
    return nbsmodel.load_model(folder)


def simulate(ratio, seed):
    """Discounted cost and QALYs of each person, and years in each state."""
    random = np.random.default_rng(seed)
    state = np.zeros(PEOPLE, dtype=int)
    in_state, sick = np.zeros(PEOPLE), np.zeros(PEOPLE)
    cost, qaly, years = np.zeros(PEOPLE), np.zeros(PEOPLE), np.zeros((4, PEOPLE))
    time = 0.0
    for dt in [0.5] * 4 + [1.0] * 20:
        age = 40 + time
        die = np.choose(
            state,
            [np.full(PEOPLE, 0.002 * np.exp(0.08 * (age - 40))), 0.01 * (1 + 0.2 * sick), 0.05 * (1 + 0.2 * sick),
             np.zeros(PEOPLE)],
        )  # fmt: skip
        fall_ill = np.where(state == WELL, 0.2, 0.0)
        leave = 1 - np.exp(-(die + fall_ill) * dt)
        hazard_moves = random.random(PEOPLE) < leave
        to_ill = random.random(PEOPLE) < np.divide(fall_ill, die + fall_ill, where=state != DEAD, out=np.zeros(PEOPLE))
        u = random.random(PEOPLE)
        recover = np.where(state == ILL, 0.3 * dt * np.exp(-in_state), 0.0)
        worsen = np.where(state == ILL, 1 - np.exp(-ratio * 0.1 * (1 + in_state) * dt), 0.0)
        after = np.where(u < recover, WELL, np.where(u < recover + worsen, WORSE, state))
        after = np.where(hazard_moves, np.where(to_ill, ILL, DEAD), after)
        worsened = (state == ILL) & (after == WORSE)
        v_cost, v_qaly = 1.03**-time, 1.01**-time
        cost += worsened * 500 * in_state * v_cost
        changed = after != state
        in_state = np.where(changed, 0.0, in_state + dt)
        was, now = (state == ILL) | (state == WORSE), (after == ILL) | (after == WORSE)
        sick = np.where(now & was, sick + dt, 0.0)
        state = after
        cost += now * 1000 * (1 + 0.1 * sick) * dt * v_cost
        qaly += ((state == WELL) * 0.9 + now * 0.7 * np.exp(-0.05 * in_state)) * dt * v_qaly
        for s in range(4):
            years[s] += (state == s) * dt
        time += dt
    return cost, qaly, years


@pytest.mark.parametrize("s", [0, 1])
def test_a_million_people_agree_with_the_cohort(model, s):
    result = nbsmodel.evaluate(model, keep_trace=True)
    strategy = result.strategies[s]
    cost, qaly, years = simulate([1.0, 0.6][s], seed=s)
    for ours, people in ((result.total("cost", strategy)[0], cost), (result.total("qaly", strategy)[0], qaly)):
        assert abs(ours - people.mean()) < 4 * people.std() / np.sqrt(PEOPLE)
    lengths = np.diff(result.grids["course"].times)
    expected = (result.trace("course")[0, s, 1:] * lengths[:, None]).sum(axis=0)
    for i in range(4):
        assert abs(expected[i] - years[i].mean()) < 4 * years[i].std() / np.sqrt(PEOPLE)
