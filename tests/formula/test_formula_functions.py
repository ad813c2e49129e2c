"""Every function of the language against its closed form; the documentation names all of them and no other."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from nbsmodel.formula.array import evaluate_array
from nbsmodel.formula.functions import FUNCTIONS
from nbsmodel.formula.parse import parse
from nbsmodel.formula.tree import calls

DOC = Path(__file__).parents[2] / "docs" / "model_language.md"


def normal(z):
    """Distribution function of the standard normal."""
    return 0.5 * math.erfc(-z / math.sqrt(2))


def normal_density(z):
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


# S(t) and h(t) with parameters that are not special; the generalised gamma at q = 1 is a Weibull with
# shape 1 / sigma and scale exp(mu) (Prentice).
SURVIVAL = {
    "exponential": ((0.3,), lambda t: math.exp(-0.3 * t), lambda t: 0.3),
    "weibull": ((1.5, 4.0), lambda t: math.exp(-((t / 4) ** 1.5)), lambda t: 1.5 / 4 * (t / 4) ** 0.5),
    "gompertz": (
        (0.1, 0.02),
        lambda t: math.exp(-0.02 / 0.1 * (math.exp(0.1 * t) - 1)),
        lambda t: 0.02 * math.exp(0.1 * t),
    ),
    "loglogistic": (
        (2.0, 5.0),
        lambda t: 1 / (1 + (t / 5) ** 2),
        lambda t: 2 / 5 * (t / 5) / (1 + (t / 5) ** 2),
    ),
    "lognormal": (
        (1.0, 0.5),
        lambda t: 1 - normal((math.log(t) - 1) / 0.5),
        lambda t: normal_density((math.log(t) - 1) / 0.5) / (0.5 * t) / (1 - normal((math.log(t) - 1) / 0.5)),
    ),
    "gengamma": (
        (math.log(4.0), 1 / 1.5, 1.0),
        lambda t: math.exp(-((t / 4) ** 1.5)),
        lambda t: 1.5 / 4 * (t / 4) ** 0.5,
    ),
}
T, DT = 2.0, 0.5

CLOSED_FORMS = {
    "exp(2)": math.e**2,
    "log(2)": 0.6931471805599453,
    "log10(1000)": 3.0,
    "sqrt(2)": 1.4142135623730951,
    "abs(-3)": 3.0,
    "floor(-1.5)": -2.0,
    "ceil(-1.5)": -1.0,
    "round(2.6)": 3.0,
    "min(3, 1, 2)": 1.0,
    "max(3, 1, 2)": 3.0,
    "clip(5, 0, 1)": 1.0,
    "clip(-5, 0, 1)": 0.0,
    "clip(0.5, 0, 1)": 0.5,
    "rate_to_prob(0.2, 3)": 1 - math.exp(-0.6),
    "prob_to_rate(0.2, 4)": -math.log(0.8) / 4,
    "prob_rescale(0.3, 5, 2)": 1 - 0.7**0.4,
    "prob_to_odds(0.2)": 0.25,
    "odds_to_prob(0.25)": 0.2,
    "apply_hr(0.2, 1.5)": 1 - 0.8**1.5,
    "apply_or(0.2, 2)": 0.5 / 1.5,
    "apply_rr(0.2, 2)": 0.4,
    "annuity(0.035, 10)": sum(1.035**-k for k in range(1, 11)),
    "annuity_due(0.035, 10)": sum(1.035**-k for k in range(10)),
    # a state worth 0.6 at an age where the norm is 0.9, at an age where it is 0.75
    "utility_multiplicative(0.6, 0.75, 0.9)": 0.5,
    "utility_additive(0.6, 0.75, 0.9)": 0.45,
    "utility_minimum(0.8, 0.75)": 0.75,
    "utility_minimum(0.6, 0.75)": 0.6,
}
for _family, (_parameters, _survival, _hazard) in SURVIVAL.items():
    _given = ", ".join(map(repr, _parameters))
    _left = _survival(T + DT) / _survival(T)
    CLOSED_FORMS |= {
        f"{_family}_survival({T}, {_given})": _survival(T),
        f"{_family}_hazard({T}, {_given})": _hazard(T),
        f"{_family}_prob({T}, {DT}, {_given})": 1 - _left,
        f"{_family}_mean_hazard({T}, {DT}, {_given})": -math.log(_left) / DT,
    }


@pytest.mark.parametrize(("text", "expected"), CLOSED_FORMS.items())
def test_closed_form(text, expected):
    assert float(evaluate_array(parse(text), {}, {})) == pytest.approx(expected, rel=1e-12)


def test_no_function_is_left_out():
    assert {call.function for text in CLOSED_FORMS for call in calls(parse(text))} == set(FUNCTIONS)


def documented():
    """Function name to its arguments as written, from section 2 of the language page."""
    section = DOC.read_text(encoding="utf-8").partition("## 2. Formulas")[2].partition("\n## 3.")[0]
    first = next(line for line in section.splitlines() if line.startswith("`exp log"))
    found: dict[str, str | None] = {}
    for name, arguments in re.findall(r"(\w+)(?:\(([^)]*)\))?", first.strip("`")):
        found[name] = arguments or None
    families = dict(re.findall(r"`(\w+)\(([^)]*)\)`", section.partition("Families and their arguments")[2]))
    for row in [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]:
        for name, arguments in re.findall(r"`((?:<family>)?\w+)\(([^)]*)\)`", row):
            if "<family>" in row:
                for family, parameters in families.items():
                    found[family + name.removeprefix("<family>")] = arguments.replace("...", parameters)
            else:
                found[name] = arguments
    return found


def test_documented_functions_exist():
    assert set(documented()) - set(FUNCTIONS) == set()


def test_functions_are_documented():
    assert set(FUNCTIONS) - set(documented()) == set()


def test_documented_arguments_are_as_many_as_the_function_takes():
    for name, arguments in documented().items():
        if arguments is None or "..." in arguments:
            continue
        number = len(arguments.split(","))
        assert FUNCTIONS[name].least == FUNCTIONS[name].most == number, name


def test_what_is_shown_to_people_counts_the_same_arguments():
    for function in FUNCTIONS.values():
        if "..." in function.arguments:
            assert function.least == 2 and function.most > 2
        else:
            assert len(function.arguments.split(",")) == function.least == function.most
