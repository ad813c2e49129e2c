"""Budget impacts that a config asks for and that cannot be made."""

from broken import Broken
from broken_analyses import CHOICES, analyses


def budget(name: str, block: str, *says: str) -> Broken:
    """A block ``budget_impact`` in the config."""
    return analyses(f"budget impact: {name}", f"budget_impact: {block}", "budget_impact:", *says)


def set_up(name: str, more: str, *says: str) -> Broken:
    """A set-up cost with something wrong."""
    whole = {"label": "a", "amount": "5", "years": "1", "strategies": "screening"}
    given = whole | dict(pair.split(": ", 1) for pair in more.split("; "))
    return budget(name, "{set_up: {" + ", ".join(f"{k}: {v}" for k, v in given.items() if v != "-") + "}}", *says)


CASES = (
    budget("no years", "{years: 0}", "years: found 0", "at least 1"),
    budget("too many years", "{years: 11}", "years: found 11", "at most 10"),
    budget("part of a year", "{years: 2.5}", "a whole number is needed"),
    budget("a list", "[5]", "a block of `key: value` lines is needed"),
    budget("unknown key", "{yeers: 3}", "unknown key yeers. Did you mean years?"),
    budget("longer than the horizon of the settings", "{years: 10}", "ends every cohort after 8 years"),
    budget("unknown strategy", "{strategy: screning}", "no strategy is named screning. Did you mean screening?"),
    budget("the comparator", "{strategy: usual}", "usual is the comparator"),
    budget("births of too few years", "{years: 3, births: [1, 2]}", "births of 2 years do not reach over 3"),
    budget("negative births", "{births: -3}", "births: -3 cannot be among the births; they are at least 0"),
    budget("births in words", "{births: many}", "'many' is no number of births"),
    budget("shares of too few years", "{years: 3, roll_out: [0.5]}", "shares of 1 years do not reach over 3"),
    budget("a share above 1", "{roll_out: 1.2}", "1.2 cannot be among the shares of births", "between 0 and 1"),
    budget("a share of an unknown strategy", "{roll_out: {usaul: 1}}", "usaul is no strategy"),
    budget("a share of the comparator", "{roll_out: {usual: 1}}", "usual is the comparator"),
    budget("no shares", "{roll_out: []}", "there are no shares of births"),
    set_up("a negative amount", "amount: -5", "the amount -5 is negative", "`saving: true`"),
    set_up("a saving that costs", "saving: true", "a saving is a negative amount; write -5"),
    set_up("an amount in words", "amount: dear", "set_up.amount: a number is needed, found 'dear'"),
    set_up("an amount that overflows", "amount: 1e308", "set_up.amount: found 1e+308"),
    set_up("published without a source", "status: published", "a published amount needs its `source`"),
    set_up("an empty label", "label: ''", "set_up.label"),
    set_up("no amount", "amount: -", "the key amount is missing"),
    set_up("no strategies", "strategies: -", "the key strategies is missing"),
    set_up("an unknown strategy", "strategies: [screning]", "set_up[1].strategies", "Did you mean screening?"),
    set_up("an unknown payer", "payer: healt_system", "set_up[1].payer", "Did you mean health_system?"),
    set_up("an unknown component", "component: cares", "set_up[1].component", "Did you mean care?"),
    set_up("a year beyond the last", "years: [1, 6]", "year 6 lies beyond the 5 of the budget"),
    set_up("a year twice", "years: [2, 2]", "a year stands twice"),
    set_up("years in words", "years: sometimes", "a whole number is needed, found 'sometimes'"),
    set_up("an unknown status", "status: guess", "found 'guess'", "placeholder"),
    budget("a test of nothing", "{test: 0}", "test: found 0", "above 0"),
    budget("a test of everything", "{test: 1e300}", "test: found 1e+300", "at most"),
    budget("a test of more years", "{years: 2, test: {amount: 1, years: 3}}", "the test looks at 3 years"),
    Broken(
        "budget impact: simulated children",
        (("configs/base.yaml", CHOICES, f"{CHOICES}engine: microsimulation\nanalyses: {{budget_impact: true}}\n"),),
        "analyses: {budget",
        ("simulated children are not followed by calendar year", "engine: cohort"),
    ),
    Broken(
        "budget impact: a model without births",
        (
            ("configs/base.yaml", CHOICES, f"{CHOICES}analyses: {{budget_impact: true}}\n"),
            ("model/model.yaml", "births_per_year: births\n", ""),
        ),
        "analyses: {budget",
        ("the model has no births_per_year", "Give `births`"),
    ),
)
