"""One-way, two-way, break-even and price analyses that a config asks for and that cannot be made."""

from broken import BASE, MODEL, Broken
from broken_analyses import CHOICES, analyses


def overridden(name: str, overrides: str, block: str, at: str, *says: str) -> Broken:
    """A block of analyses in a scenario that also overrides parameters."""
    text = f"overrides: {overrides}\n{CHOICES}analyses:\n" + "".join(f"  {line}\n" for line in block.splitlines())
    old = f"overrides:\n  p_uptake: 0.99\n{CHOICES}"
    return Broken(name, ((BASE, old, text),), at, says)


CASES = (
    # --- QALY weights
    analyses(
        "QALY weights: unknown life table",
        "qaly_weights: {life_table: uk_life_table_2018}",
        "qaly_weights:",
        "no shipped life table uk_life_table_2018",
        "Did you mean uk_life_table_2018_2020?",
    ),
    analyses(
        "QALY weights: unknown norm",
        "qaly_weights: {norm: hse2014}",
        "qaly_weights:",
        "qaly_weights.norm: there is no shipped utility norm hse2014",
    ),
    analyses("QALY weights: share of girls", "qaly_weights: {female_share: 2}", "qaly_weights:", "female_share"),
    analyses(
        "QALY weights: lives cut short",
        "qaly_weights: true",
        "qaly_weights:",
        "the horizon of 8 years ends before life does",
    ),
    # --- one-way
    analyses(
        "one-way: unknown parameter",
        "one_way: {parameters: [p_sensitivty]}",
        "one_way:",
        "one_way.parameters: no parameter or derived value is named p_sensitivty",
        "Did you mean p_sensitivity?",
    ),
    analyses(
        "one-way: unknown name among the limits",
        "one_way: {limits: {h_wrse: [0, 1]}}",
        "one_way:",
        "one_way.limits.h_wrse",
        "Did you mean h_worse?",
    ),
    analyses(
        "one-way: no distribution and no limits",
        "one_way: {parameters: [c_confirm]}",
        "one_way:",
        "c_confirm has no distribution",
        "Write `limits: {c_confirm: [low, high]}`.",
    ),
    analyses(
        "one-way: limits the wrong way round",
        "one_way: {limits: {c_confirm: [200, 100]}}",
        "one_way:",
        "the first limit, 200, is not below the second, 100",
    ),
    analyses(
        "one-way: limits outside the unit",
        "one_way: {limits: {p_uptake: [0.5, 1.5]}}",
        "one_way:",
        "one_way.limits.p_uptake: 1.5 is no probability",
        "between 0 and 1",
    ),
    analyses(
        "one-way: negative costs", "one_way: {limits: {c_confirm: [-5, 100]}}", "one_way:", "-5 is no GBP", "at least 0"
    ),
    analyses("one-way: limits in words", "one_way: {limits: {c_confirm: wide}}", "one_way:", "'wide' gives no limits"),
    analyses("one-way: three limits", "one_way: {limits: {c_confirm: [1, 2, 3]}}", "one_way:", "gives no limits"),
    analyses("one-way: no spread", "one_way: {limits: {c_confirm: 0%}}", "one_way:", "gives no limits"),
    analyses(
        "one-way: the same parameter twice", "one_way: {parameters: [h_ill, h_ill]}", "one_way:", "h_ill stands twice"
    ),
    analyses("one-way: nothing to vary", "one_way: {parameters: []}", "one_way:", "there is nothing to vary"),
    analyses("one-way: a choice", "one_way: {limits: {outlook: [0, 1]}}", "one_way:", "outlook is a choice, no number"),
    analyses(
        "one-way: a derived value that differs between strategies",
        "one_way: {limits: {p_found: [0.1, 0.9]}}",
        "one_way:",
        "p_found differs between strategies",
        "Name a parameter behind it",
    ),
    analyses(
        "one-way: a percentage of what varies with age",
        "one_way: {limits: {u_now: 25%}}",
        "one_way:",
        "a percentage of a value that is not one number",
    ),
    analyses(
        "one-way: unknown strategy to set against",
        "one_way: {against: [usuall]}",
        "one_way:",
        "one_way.against: no strategy is named usuall",
        "Did you mean usual?",
    ),
    analyses(
        "one-way: discount rate above 1",
        "one_way: {settings: {discount_rate_costs: [0, 3.5]}}",
        "one_way:",
        "settings.discount_rate_costs",
        "0 to 3.5 are no discount rates",
    ),
    analyses(
        "one-way: a setting that is no rate",
        "one_way: {settings: {horizon: [1, 2]}}",
        "one_way:",
        "unknown key horizon",
    ),
    analyses(
        "one-way: a factor that leaves the range",
        "one_way: {scale: {parameters: p_specificity, between: 25%}}",
        "one_way:",
        "1.25 times p_specificity is 1.24875, which is no probability",
    ),
    analyses(
        "one-way: a factor on a derived value",
        "one_way: {scale: {parameters: h_worse, between: 25%}}",
        "one_way:",
        "h_worse is a derived value; a factor moves parameters",
    ),
    analyses(
        "one-way: a factor on one parameter twice",
        "one_way: {scale: {parameters: [c_ill, c_ill], between: 25%}}",
        "one_way:",
        "c_ill stands twice",
    ),
    overridden(
        "one-way: the rest of a group is fixed",
        "{p_early: 0.9}",
        "one_way: {parameters: [p_late]}",
        "one_way:",
        "p_late has to make up 1 with the rest of the group",
    ),
    overridden(
        "one-way: a percentage of 0",
        "{c_confirm: 0}",
        "one_way: {limits: {c_confirm: 25%}}",
        "one_way:",
        "a percentage of the value in force, which is 0",
    ),
    # --- two-way
    analyses(
        "two-way: unknown name",
        "two_way: {x: c_drg, y: h_ill}",
        "two_way:",
        "two_way[1].x.name",
        "Did you mean c_drug?",
    ),
    analyses("two-way: one side only", "two_way: {x: h_ill}", "two_way:", "the key y is missing"),
    analyses("two-way: the same twice", "two_way: {x: h_ill, y: h_ill}", "two_way:", "x and y both move h_ill"),
    analyses(
        "two-way: no range known",
        "two_way: {x: c_drug, y: h_ill}",
        "two_way:",
        "c_drug has no distribution, so its range is not known",
        "Write `from` and `to`.",
    ),
    analyses(
        "two-way: one end only",
        "two_way: {x: {name: c_drug, from: 1}, y: h_ill}",
        "two_way:",
        "give both `from` and `to`",
    ),
    analyses(
        "two-way: ends the wrong way round",
        "two_way: {x: {name: c_drug, from: 9, to: 1}, y: h_ill}",
        "two_way:",
        "`from`, 9, is not below `to`, 1",
    ),
    analyses(
        "two-way: outside the unit",
        "two_way: {x: {name: p_uptake, from: 0.5, to: 2}, y: h_ill}",
        "two_way:",
        "two_way[1].x: 2 is no probability",
    ),
    analyses("two-way: one step", "two_way: {x: {name: h_ill, steps: 1}, y: hr_treated}", "two_way:", "at least 2"),
    analyses(
        "two-way: many steps", "two_way: {x: {name: h_ill, steps: 202}, y: hr_treated}", "two_way:", "at most 201"
    ),
    analyses(
        "two-way: the comparator",
        "two_way: {x: h_ill, y: hr_treated, strategy: usual}",
        "two_way:",
        "usual is the comparator",
        "Allowed: screening.",
    ),
    analyses(
        "two-way: a whole group",
        "two_way: {x: p_late, y: p_early}",
        "two_way:",
        "p_late and p_early have to make up 1",
    ),
    Broken(
        "two-way: an impossible corner",
        (
            (MODEL, "start: {well: rest, ill: p_late}", "start: {well: rest, ill: p_late + p_birth}"),
            (
                BASE,
                CHOICES,
                f"{CHOICES}analyses:\n  two_way:\n    x: {{name: p_late, from: 0, to: 1}}\n"
                "    y: {name: p_birth, from: 0, to: 0.5}\n",
            ),
        ),
        "two_way:",
        ("the model cannot run at p_late =", "p_birth ="),
        file=BASE,
    ),
    # --- break-even
    analyses(
        "break-even: unknown name", "break_even: c_drugs", "break_even:", "break_even[1].name", "Did you mean c_drug?"
    ),
    analyses(
        "break-even: name and factor at once",
        "break_even: {name: c_drug, scale: [c_ill]}",
        "break_even:",
        "give exactly one of name, scale, same, formula",
    ),
    analyses("break-even: nothing", "break_even: {between: [0, 1]}", "break_even:", "give exactly one of"),
    analyses(
        "break-even: a formula without what is moved",
        "break_even: {formula: c_drug + c_ill}",
        "break_even:",
        "a `formula` is solved `by` moving one parameter",
    ),
    analyses(
        "break-even: a formula with an unknown name",
        "break_even: {formula: c_drug + c_il, by: c_drug}",
        "break_even:",
        "break_even[1].formula: no parameter, derived value or clock is named c_il",
        "Did you mean c_ill?",
    ),
    analyses(
        "break-even: a formula that cannot be read",
        "break_even: {formula: c_drug +, by: c_drug}",
        "break_even:",
        "break_even[1].formula",
    ),
    analyses(
        "break-even: a formula that varies",
        "break_even: {formula: u_now * 2, by: u_well}",
        "break_even:",
        "u_now is not one number in a run",
    ),
    analyses(
        "break-even: a range outside the unit",
        "break_even: {name: p_uptake, between: [0, 2]}",
        "break_even:",
        "2 is no probability",
    ),
    analyses(
        "break-even: a derived value without a range",
        "break_even: {same: [h_worse]}",
        "break_even:",
        "h_worse differs between strategies",
    ),
    analyses(
        "break-even: an unknown range",
        "break_even: c_drug_year",
        "break_even:",
        "no range is known for c_drug_year",
        "Add `between: [low, high]`.",
    ),
    analyses(
        "break-even: set against itself",
        "break_even: {name: c_drug, strategy: screening, against: screening}",
        "break_even:",
        "screening is set against itself",
    ),
    analyses(
        "break-even: same value, other units",
        "break_even: {same: [c_drug, h_ill]}",
        "break_even:",
        "their units differ: GBP, rate",
    ),
    # --- prices
    analyses("price: unknown", "value_based_price: c_drgu", "value_based_price:", "Did you mean c_drug?"),
    analyses("price: a probability", "value_based_price: p_uptake", "value_based_price:", "p_uptake is a probability"),
    analyses(
        "price: twice",
        "value_based_price: [c_drug, c_drug]",
        "value_based_price:",
        "value_based_price[2]: c_drug stands",
    ),
    analyses(
        "price surface: unknown",
        "price_surface: {x: c_drgu, y: c_ill, to: 100}",
        "price_surface:",
        "price_surface.x.name",
    ),
    analyses(
        "price surface: the same twice",
        "price_surface: {x: c_drug, y: c_drug, to: 100}",
        "price_surface:",
        "x and y both move c_drug",
    ),
    analyses(
        "price surface: a member of a group",
        "price_surface: {x: c_drug, y: p_late}",
        "price_surface:",
        "p_late varies together with its group",
    ),
    analyses(
        "price surface: outside the unit",
        "price_surface: {x: p_uptake, y: c_drug, to: 1.5}",
        "price_surface:",
        "1.5 is no probability",
    ),
    analyses(
        "price surface: a factor",
        "price_surface: {x: {scale: c_drug}, y: c_ill}",
        "price_surface:",
        "a factor has no discount",
    ),
    analyses("price surface: switched on", "price_surface: true", "price_surface:", "the key x is missing"),
    analyses(
        "price surface: steps", "price_surface: {x: c_drug, y: c_ill, steps: 500}", "price_surface:", "at most 201"
    ),
)
