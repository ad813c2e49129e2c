"""Random models for hypothesis: structure, formulas, settings and draws.

Models come as plain dictionaries, so that a test can change one (split a state, permute the
strategies) before it is written and loaded.
"""

import os
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from engine_models import build
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

import nbsmodel

#: NBSMODEL_FUZZ=20 tries twenty times as many models, other ones each time, and shows what fails as it is.
FUZZ = int(os.environ.get("NBSMODEL_FUZZ", "0"))


def examples(n):
    """Settings of a property test."""
    return settings(
        max_examples=n * max(FUZZ, 1),
        deadline=None,
        derandomize=not FUZZ,
        phases=[Phase.generate] if FUZZ else list(Phase),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


PARAMETERS = {
    "p_one": (0.1, "probability"),
    "p_two": (0.35, "probability"),
    "h_one": (0.2, "rate"),
    "h_two": (0.0, "rate"),
    "c_one": (120.0, "GBP"),
    "u_one": (0.6, "utility"),
    "wait": (0.5, "years"),
}
RANGES = {"p_one": 0.9, "p_two": 1.0, "h_one": 2.0, "h_two": 0.5, "c_one": 1000.0, "u_one": 1.0, "wait": 3.0}
DERIVED = {
    "p_both": "p_one * p_two + 0.5 * lever * (1 - p_one)",
    "h_aged": "h_one * (1 + 0.1 * age)",
    "p_tired": "p_two / (1 + time_in_state)",
    "c_later": "c_one if p_one > 0.2 else c_one * (1 + time)",
    "h_mixed": "h_aged + p_tired",
}
TABLES = {"steps.csv": "age,value\n0,0.02\n1,0.3\n4,0.05\n", "line.csv": "age,value\n0,1\n10,0.2\n"}
TABLE_SPECS = {
    "mx": {"file": "tables/steps.csv", "by": "age", "beyond": "last"},
    "norm": {"file": "tables/line.csv", "by": "age", "between": "linear", "beyond": "last"},
}

FIXED_PROBABILITIES = ("p_one", "p_two", "p_both", "p_one * lever", "0", "1", "0.25", "received / 10")
PROBABILITIES = (
    "p_tired", "rate_to_prob(h_one, dt)", "mx(age)", "p_two if cycle < 2 else p_one", "p_one * (CLOCK > 0.4)",
    "weibull_prob(time_in_state, dt, 1.4, 2 + received)", "clip(p_one + 0.05 * CLOCK, 0, 1)",
    "1 if time_in_state + 1.5 * dt > 1 else 0", "p_one if p_two > 0.3 else p_two * norm(age)",
)  # fmt: skip
HAZARDS = (
    "h_one", "h_two", "h_one * (1 + lever)", "h_aged", "h_mixed", "mx(age)", "0", "0.8 * exp(-time_in_state)",
    "h_one + 0.3 * CLOCK", "h_one * (CLOCK > 0)", "weibull_hazard(time_in_state + dt, 1.3, 2)", "received * dt",
    "h_one if p_two > 0.3 else h_two * (1 + time)", "gompertz_hazard(age, 0.1, h_two)", "h_one ** (1 + p_two)",
)  # fmt: skip
VALUES = (
    "c_one", "u_one", "1", "0", "c_one * (1 + lever)", "c_later", "u_one - 0.01 * age", "u_one * norm(age)",
    "100 * exp(-time_in_state)", "c_one if cycle == 0 else 0", "CLOCK", "-u_one * CLOCK", "received * time", "dt",
    "c_one * received", "c_one if p_two > 0.3 else age", "time_in_state if u_one > 0 else 2",
    "CLOCK * (age + cycle)", "dt * time_in_state - time * CLOCK",
)  # fmt: skip
TREE_PROBABILITIES = ("p_one", "p_two", "0.3", "lever", "p_both", "0", "p_one * lever")
TREE_VALUES = ("c_one", "u_one", "lever * 10", "3", "-1", "c_one * p_both")
TIMES = ("0", "0.5", "wait", "lever", "wait * (1 + lever)")
LENGTHS = ("1 year", "6 months", "1 month", "2 weeks")
#: Lasts a whole number of cycles of any of these lengths.
TUNNELS = {
    "1 year": {"1 year", "6 months", "1 month"},
    "6 months": {"6 months", "1 month"},
    "2 months": {"1 month"},
    "4 weeks": {"2 weeks"},
}
CORRECTIONS = ("start", "end", "half_cycle", "life_table", "every_point")
OF_EQUAL_CYCLES = ("simpson", "darth_simpson")
TIMINGS = ("start", "mid", "end", "year_step")
RATES = (0, 0.035, 0.015, [{"from_year": 0, "rate": 0.05}, {"from_year": 1.25, "rate": 0.01}])
OUTCOMES = {
    "events": {"label": "Events", "unit": "events", "discounted_as": "none"},
    "fees": {"label": "Fees", "unit": "GBP", "discounted_as": "costs"},
}


@dataclass(frozen=True)
class Case:
    """A random model.

    Parameters
    ----------
    spec : dict
        The body of ``model.yaml``.
    strategies : dict
    settings : dict
    draws : dict of str to array
    """

    spec: dict
    strategies: dict
    settings: dict
    draws: dict

    @cached_property
    def model(self):
        return build(self.spec, PARAMETERS, TABLES, self.strategies)

    def run(self, draws=None, **how):
        return nbsmodel.evaluate(self.model, settings=self.settings, draws=draws, **how)

    def but(self, **changed):
        """The same case with something changed."""
        other = replace(self, **changed)
        if changed.keys() <= {"settings", "draws"}:
            vars(other)["model"] = self.model  # no need to load it again
        return other


@st.composite
def cases(draw, outcomes=("cost", "qaly", "events", "fees"), values=VALUES, tree_values=TREE_VALUES):
    """A whole random case.

    Parameters
    ----------
    outcomes, values, tree_values : sequence of str
        From which payoffs are made.
    """
    pick = _Pick(draw)
    equal, n = True, 0
    cohorts = {}
    for name in ["life", "second"][: pick.one((1, 1, 1, 2))]:
        cohorts[name], same, length = _cohort(pick, outcomes, values)
        equal, n = equal and same, n + length % 2
    spec = {
        "outcomes": OUTCOMES,
        "derived": DERIVED,
        "tables": TABLE_SPECS,
        "tree": _tree(pick, cohorts, outcomes, tree_values),
        "cohorts": cohorts,
    }
    if n:
        allowed = (*CORRECTIONS, *OF_EQUAL_CYCLES[1:]) if equal else CORRECTIONS
    else:
        allowed = (*CORRECTIONS, *OF_EQUAL_CYCLES) if equal else CORRECTIONS
    chosen = {
        "discount_rate_costs": pick.one(RATES),
        "discount_rate_outcomes": pick.one(RATES),
        "discount_timing": pick.by_outcome(TIMINGS),
        "within_cycle_correction": pick.by_outcome(allowed),
    }
    strategies = {f"arm{i}": {"lever": pick.one((0, 0.5, 1))} for i in range(pick.one((1, 2, 3)))}
    n_draws = pick.one((1, 2, 3, 4))
    drawn = {
        name: np.array([pick.number(RANGES[name]) for _ in range(n_draws)]) for name in pick.some(list(PARAMETERS), 1)
    }
    return Case(spec, strategies, chosen, drawn)


class _Pick:
    def __init__(self, draw):
        self.draw = draw

    def one(self, options):
        return self.draw(st.sampled_from(options))

    def some(self, options, least, most=None):
        return self.draw(st.lists(st.sampled_from(options), min_size=least, max_size=most or len(options), unique=True))

    def number(self, high):
        """Zero, the top, or something between: whole shares of nothing are what breaks."""
        return high * self.draw(st.one_of(st.sampled_from((0, 1)), st.integers(1, 999).map(lambda i: i / 1000)))

    def by_outcome(self, options):
        if self.one((True, False)):
            return self.one(options)
        return {"default": self.one(options), "qaly": self.one(options), "fees": self.one(options)}


def _cohort(pick, outcomes, values):
    """A cohort; whether its cycles are equal; how many it has."""
    k = pick.one((2, 3, 4, 5))
    states = {f"s{i}": {} for i in range(k)}
    dead = pick.some(list(states)[1:], 0, 2)
    for name in dead:
        states[name] = {"dead": True}
    alive = [s for s in states if s not in dead]
    lengths = pick.some(LENGTHS, 1, 2)
    cycles = [{"length": length, "count": pick.one((1, 2, 3, 4, 6))} for length in lengths]
    n_clocks = pick.one((0, 1, 2))
    clocks = {f"clock{i}": {"runs_in": pick.some(alive, 1)} for i in range(n_clocks)}
    names = ["time_in_state", *clocks]
    equal = len(cycles) == 1

    def formula(options):
        return pick.one(options).replace("CLOCK", pick.one(names))

    transitions = {}
    for origin in pick.some(alive, 0 if k > 2 else 1):
        transitions[origin] = _row(pick, origin, list(states), formula, equal)
    edges = [(origin, to) for origin, row in transitions.items() for to in row if to != origin]
    for origin in pick.some(alive, 0, 1):
        lasts = [time for time, within in TUNNELS.items() if set(lengths) <= within]
        if lasts and "rest" not in transitions.get(origin, {}).values() and pick.one((True, False)):
            then = pick.one([s for s in states if s != origin])
            states[origin] = {"tunnel": {"lasts": pick.one(lasts), "then": then}}
            edges.append((origin, then))
    payoffs = [_payoff(pick, list(states), edges, outcomes, formula(values)) for _ in range(pick.one((1, 2, 3, 4)))]
    cohort = {
        "start_age": pick.one(("0", "wait", "1.5 * lever")),
        "cycles": cycles,
        "states": states,
        "receives": ["received"],
        "clocks": clocks,
        "transitions": transitions,
        "payoffs": payoffs,
    }
    return cohort, equal, sum(c["count"] for c in cycles)


def _row(pick, origin, states, formula, equal):
    others = [s for s in states if s != origin]
    targets = pick.some(others, 1, 3)
    kinds = {to: pick.one(("hazard", "probability")) for to in targets}
    many = sum(kind == "probability" for kind in kinds.values())
    row = {}
    for to in targets:
        if kinds[to] == "hazard":
            row[to] = {"hazard": formula(HAZARDS), "per": pick.one(("year", "month"))}
            if row[to]["per"] == "month":
                row[to]["hazard"] = f"({row[to]['hazard']}) / 12"
        else:
            text = formula((*FIXED_PROBABILITIES, *PROBABILITIES))
            per = pick.one((None, "cycle", "year", "month")) if equal else pick.one(("cycle", "year", "month"))
            # per year, brought to a longer cycle, it grows: keep the sum of a row below 1
            share = "0.1 * " if per == "month" else "0.4 * " if per == "year" and many > 1 else ""
            row[to] = {"probability": f"{share}({text}) / {many}" if share or many > 1 else text}
            if per:
                row[to]["per"] = per
    unused = [s for s in states if s not in targets]
    if pick.one((True, False, False)):
        row[pick.one(unused)] = "rest"
    return row


def _payoff(pick, states, edges, outcomes, value):
    payoff = {
        "outcome": pick.one(outcomes),
        "component": pick.one(("care", "test")),
        "perspective": pick.one(("health_system", "health_system", "societal")),
        "value": value,
    }
    kind = pick.one(("in", "in", "entering", "starting_in", "moving" if edges else "in"))
    if kind == "moving":
        origin, target = pick.one(edges)
        return payoff | {"moving": {"from": origin, "to": target}}
    where = pick.some(states, 1)
    if kind == "in":
        where = pick.one((where, "alive"))
        payoff["per"] = pick.one(("year", "month", "cycle"))
    return payoff | {kind: where}


def _tree(pick, cohorts, outcomes, values, depth=0):
    names = [f"b{depth}{i}" for i in range(pick.one((1, 2, 3)))]
    rest = pick.one(names)
    tree = {}
    for name in names:
        share = f"({pick.one(TREE_PROBABILITIES)}) / {len(names)}"
        branch = {"p": "rest" if name == rest else share}
        if pick.one((True, False)):
            branch["payoffs"] = [
                {
                    "outcome": pick.one(outcomes),
                    "component": pick.one(("care", "test")),
                    "value": pick.one(values),
                    "at": pick.one(TIMES),
                }
            ]
        if depth < 1 and pick.one((True, False, False)):
            branch["then"] = _tree(pick, cohorts, outcomes, values, depth + 1)
        elif name == rest or pick.one((True, True, False)):
            branch |= _entry(pick, cohorts)
        tree[name] = branch
    return tree


def _entry(pick, cohorts):
    name = pick.one(list(cohorts))
    states = pick.some(list(cohorts[name]["states"]), 1, 2)
    shares = dict(zip(states, ("rest", "p_two"), strict=False))
    return {
        "cohort": name,
        "start": shares,
        "delay": pick.one(TIMES),
        "with": {"received": pick.one(("0", "1", "2 * lever", "u_one ** 2"))},
    }
