"""Random models of children who differ: attributes and counts sprinkled over the random models.

The walk is run as plain Python, since compiling takes seconds a model; what Numba makes of the same
source is tested on a few models.
"""

import copy
import json
import math
import re
from contextlib import contextmanager

import numpy as np
from hypothesis import strategies as st
from random_models import cases

from nbsmodel.engine import micro_walk

ATTRIBUTES = {
    "kind": {"values": {"1": "p_two", "2": "rest"}},
    "frail": {"distribution": "gamma(mean=1 if kind == 1 else 0.5 + u_one, se=0.4)"},
    "rank": {"distribution": "uniform(low=0, high=1)"},
}
DERIVED = {"worse": "frail * (1 + 0.1 * time_in_state)", "share": {"value": "rank * p_two", "unit": "probability"}}
PROBABILITIES = (
    "X", "(X) * rank", "(X) if kind == 1 else 0", "(X) / (1 + N)", "(X) * (N < 2)", "share * (X)", "rank ** 2 * (X)",
    "apply_hr(X, frail)", "(X) * norm(2 * rank)", "min(X, mx(time_in_state + frail))", "(X) if CLOCK < rank else 0",
)  # fmt: skip
HAZARDS = (
    "X", "(X) * frail", "(X) * worse", "(X) if kind == 1 else 0.1", "(X) * (1 + 0.3 * N)", "(X) * mx(age + 3 * rank)",
    "(X) ** (1 + rank)", "(X) + weibull_hazard(CLOCK + dt, 1 + rank, 2)", "gompertz_hazard(age, 0.1, rank) * (X)",
)  # fmt: skip
VALUES = (
    "X", "X", "(X) * frail", "(X) * (kind == 1)", "(X) + N", "(X) * rank * N", "worse", "(X) * norm(age + rank)",
    "(X) if N > 0 else CLOCK", "max(X, rank * time)", "(X) // (1 + rank)", "share * (X) * dt", "rank * CLOCK * age",
    "log(1 + CLOCK) * (X)", "frail % 0.3", "(X) * norm(CLOCK)", "(X) * norm(CLOCK + age)", "(X) * (cycle >= 2 * rank)",
)  # fmt: skip


@st.composite
def children(draw):
    """A random case with attributes and counts."""
    case = draw(cases())
    spec = copy.deepcopy(case.spec)

    def mixed(text, options, cohort):
        chosen = draw(st.sampled_from(options))
        clocks = ["time_in_state", *cohort["clocks"]]
        return chosen.replace("CLOCK", draw(st.sampled_from(clocks))).replace("N", count).replace("X", text)

    spec["attributes"] = ATTRIBUTES
    spec["derived"] = spec["derived"] | DERIVED
    for name, cohort in spec["cohorts"].items():
        count = f"often_{name}"
        cohort["counts"] = {count: {"entering": draw(st.lists(st.sampled_from(list(cohort["states"])), min_size=1))}}
        for row in cohort["transitions"].values():
            for way in row.values():
                if isinstance(way, dict):
                    kind, options = ("hazard", HAZARDS) if "hazard" in way else ("probability", PROBABILITIES)
                    way[kind] = mixed(way[kind], options, cohort)
        for payoff in cohort["payoffs"]:
            payoff["value"] = mixed(payoff["value"], VALUES, cohort)
    _leaves(spec["tree"], draw)
    if draw(st.sampled_from((True, False, False))):
        spec = _alike(spec)
    perspectives = draw(st.sampled_from((["health_system"], ["societal"], ["health_system", "societal"])))
    return type(case)(spec, case.strategies, case.settings | {"perspectives": perspectives}, case.draws)


def _leaves(tree, draw):
    for leaf in _entries(tree):
        leaf["with"]["received"] = draw(st.sampled_from((leaf["with"]["received"], "kind", "2 * rank")))
        for state, share in leaf["start"].items():
            if share != "rest":
                leaf["start"][state] = draw(st.sampled_from((share, "share", "p_two if kind == 2 else rank")))


def _alike(spec):
    """One way in and no levers but in payoffs: children walk once for all strategies."""
    payoffs = {name: cohort["payoffs"] for name, cohort in spec["cohorts"].items()}
    spec = json.loads(json.dumps(spec).replace("lever", "0.5"))
    leaf = next(_entries(spec["tree"]))
    spec["tree"] = {"all": leaf | {"p": 1}}
    name = leaf["cohort"]
    spec["cohorts"] = {name: spec["cohorts"][name] | {"payoffs": payoffs[name]}}
    return spec


def _entries(tree):
    for branch in tree.values():
        if "then" in branch:
            yield from _entries(branch["then"])
        elif "cohort" in branch:
            yield branch


def as_python(source):
    """The walk of a source, not compiled."""
    text = re.sub(r"@njit\(.*\)\n", "", source)
    text = text.replace("(0.0 / 0.0)", "math.nan")
    names = {"math": math}
    exec(compile(text, "walk", "exec"), names)

    def walk(*args):
        with np.errstate(all="ignore"):
            names["walk"](*args)

    return walk


@contextmanager
def not_compiled():
    """Walks are plain Python inside."""
    compiled = micro_walk.load_walk
    micro_walk.load_walk = as_python
    try:
        yield
    finally:
        micro_walk.load_walk = compiled
