"""Formulas of the tests of a screening programme: costs, times, failures, chances of a positive."""

from __future__ import annotations

from dataclasses import dataclass

from nbsmodel.model.programme import age_at, age_at_result, positive_again
from nbsmodel.model.screening_names import Values
from nbsmodel.model.screening_schema import GroupSchema, ScreeningSchema, TierSchema
from nbsmodel.model.yamlfile import KeyPath

TIER: KeyPath = ("screening", "tests")
#: Stands for a chance of zero below a fraction bar; its numerator is then zero as well, or the share is capped.
LEAST = "1e-300"


@dataclass(frozen=True)
class Timed:
    """A test in formulas.

    Parameters
    ----------
    component : str
    costs : tuple of (value, at, key)
        One for the test and one for each repeat, with the key that it comes from.
    takes : str
        Years to the result, without repeats.
    result : str
        Age at the result.
    no_result : str
        Chance that the test and all repeats fail; empty when they cannot.
    number : str
        Tests done for each child tested; empty for one.
    dependence : dict of str to (formula, key path)
        By group of births; groups that are not in it have none.
    """

    component: str
    costs: tuple[tuple[str, str, str], ...]
    takes: str
    result: str
    no_result: str
    number: str
    dependence: dict[str, tuple[str, KeyPath]]


def applying(screening: ScreeningSchema, group: str) -> list[str]:
    """Tests that a group has, in order."""
    return [name for name, tier in screening.tests.items() if tier.only is None or group in tier.only]


def before(screening: ScreeningSchema, test: str) -> set[str | None]:
    """What comes directly before a test in the groups that have it; None where it is their first."""
    routes = [applying(screening, group) for group in screening.births]
    return {(None, *route)[route.index(test)] for route in routes if test in route}


def tier_values(screening: ScreeningSchema, values: Values, currency: str) -> dict[str, Timed]:
    """Every test in formulas, with the derived values they need."""
    found: dict[str, Timed] = {}
    for i, (name, tier) in enumerate(screening.tests.items()):
        component = tier.component or ("screening" if i == 0 else "confirmation")
        previous = next(iter(before(screening, name)))
        default = "0" if previous is None else found[previous].result
        depends = _dependence(name, tier, screening, values)
        found[name] = _timed(name, tier, component, default, depends, values, currency)
    return found


def _dependence(
    name: str, tier: TierSchema, screening: ScreeningSchema, values: Values
) -> dict[str, tuple[str, KeyPath]]:
    """Dependence on the tests before of each group that has any, and where it stands."""
    key: KeyPath = (*TIER, name, "dependence")
    if isinstance(tier.dependence, dict):
        given = {
            group: (values.held(text, "share", f"dependence_{name}_{group}", (*key, group)), (*key, group))
            for group, text in tier.dependence.items()
        }
    elif tier.dependence is not None:
        given = dict.fromkeys(screening.births, (values.held(tier.dependence, "share", f"dependence_{name}", key), key))
    else:
        given = {}
    return {group: (text, place) for group, (text, place) in given.items() if text != "0"}


def _timed(
    name: str, tier: TierSchema, component: str, default: str, dependence: dict[str, tuple[str, KeyPath]],
    values: Values, currency: str,
) -> Timed:  # fmt: skip
    def key(part: str) -> KeyPath:
        return (*TIER, name, part)

    def held(part: str, unit: str) -> str:
        return values.held(getattr(tier, part), unit, f"{part}_{name}", key(part))

    at = values.held(default if tier.at is None else tier.at, "years", age_at(name), key("at"))
    if at != age_at(name):  # there is always a name for it, which subtrees may use
        at = values.define(age_at(name), at, "years", key("at"))
    takes, cost = held("takes", "years"), held("cost", currency)
    result = _sum(at, takes)
    costs = [(cost, at, "cost")] if cost != "0" else []
    no_result = number = ""
    if tier.failure is not None:
        failure, repeats = held("failure", "share"), tier.repeats or 0
        no_result = _power(failure, repeats + 1)
        if repeats:
            each = takes if tier.repeat_takes is None else held("repeat_takes", "years")
            again = cost if tier.repeat_cost is None else _sum(cost, held("repeat_cost", currency))
            again = again if again.isidentifier() else f"({again})"
            powers = [_power(failure, i) for i in range(1, repeats + 1)]
            number = values.define(f"tests_{name}", " + ".join(["1", *powers]), "number", key("failure"))
            wait = " + ".join(_times(i, power) for i, power in enumerate(powers, 1))
            wait = wait if repeats == 1 else f"({wait})"
            if each != "0":  # repeats of those who have a result at last, on average
                result = _sum(result, f"{each} * {wait} / {number}")
            if again != "(0)":
                costs += [
                    (f"{power} * {again}", _sum(at, _times(i, each)), "repeats") for i, power in enumerate(powers, 1)
                ]
    result = values.define(age_at_result(name), result, "years", key("takes"))
    return Timed(component, tuple(costs), takes, result, no_result, number, dependence)


class Chances:
    """Chances of a positive in one group, test after test.

    Within the group p is the marginal chance on a test and J that of a positive on all tests before. The chance of
    a positive among those positive on all before is p + dependence * (min(1, p / J) - p): p itself when tests are
    independent, and the most that p allows, so that the joint chance is min(p, J), when they depend fully.
    """

    def __init__(self, name: str, group: GroupSchema, values: Values) -> None:
        self.name, self.group, self.values = name, group, values
        self.before: list[str] = []

    def next(self, test: str, tier: Timed) -> tuple[str, str]:
        """Chance of a positive on a test: among all of the group, and among those positive on every test before."""
        key: KeyPath = ("screening", "births", self.name, "positive", test)
        p = self.values.held(self.group.positive[test], "probability", f"positive_{self.name}_{test}", key)
        chance = p
        if self.before and self.name in tier.dependence:
            dependence, place = tier.dependence[self.name]
            all_before = " * ".join(self.before)
            text = f"{p} + {dependence} * (min(1, {p} / max({all_before}, {LEAST})) - {p})"
            chance = self.values.define(positive_again(self.name, test), text, "probability", place)
        self.before.append(chance)
        return p, chance


def _power(text: str, i: int) -> str:
    return text if i == 1 else f"{text} ** {i}"


def _times(i: int, text: str) -> str:
    return text if i == 1 or text == "0" else f"{i} * {text}"


def _sum(first: str, second: str) -> str:
    return second if first == "0" else first if second == "0" else f"{first} + {second}"
