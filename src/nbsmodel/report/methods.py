"""The methods paragraph: sentences made from the settings that were in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.config.settings import Settings, length_text
from nbsmodel.model.parts import (
    COST,
    LIFE_YEARS,
    QALY,
    Branch,
    BranchPayoff,
    Cohort,
    Model,
    MovePayoff,
    Outcome,
    StartPayoff,
    StatePayoff,
)
from nbsmodel.report.format import (
    MINUS,
    TIMES,
    as_sentence,
    counted,
    currency_sign,
    in_sentence,
    joined,
    plain,
    price_year,
    rates,
    whole,
)
from nbsmodel.report.methods_prices import preset_sentences, price_sentences
from nbsmodel.report.methods_uncertainty import uncertainty_sentences
from nbsmodel.report.report_inputs import table_sentences

ENGINES = {
    "cohort": "The tree and the cohorts were worked out in closed form (cohort engine): no individual is simulated "
    "and no number is random.",
    "microsimulation": "The tree was worked out in closed form; every child who enters a cohort was then followed one "
    "by one (microsimulation engine): its attributes, its route through the tree and its move in each cycle are "
    "random.",
}

CORRECTIONS = {
    "start": "every cycle is counted with those who are in a state at its start",
    "end": "every cycle is counted with those who are in a state at its end",
    "life_table": "every cycle is counted with the mean of those in a state at its start and at its end "
    "(life-table method)",
    "half_cycle": "the numbers in a state at the ends of the cycles are summed by the trapezoid rule "
    "(half-cycle correction), each valued at its own instant",
    "simpson": "the numbers in a state at the ends of the cycles are summed by Simpson's 1/3 rule, "
    "each valued at its own instant",
    "every_point": "the starting distribution counts as a whole cycle at time 0 and then every cycle is counted "
    "at its end (legacy, only to reproduce a published model)",
    "darth_simpson": "the ends of the cycles are summed with weights 1/3, 2/3, 4/3, ..., 1/3 as in a published "
    "tutorial (legacy, only to reproduce a published model)",
}
BY_ROW = ("half_cycle", "simpson", "darth_simpson")

TIMINGS = {
    "start": "discounted from the start of the cycle",
    "mid": "discounted from the middle of the cycle",
    "end": "discounted from the end of the cycle",
    "year_step": "discounted by the whole years completed at the start of the cycle",
}
TIMINGS_BY_ROW = {
    "start": "discounted from that instant",
    "mid": "discounted from half a cycle after that instant",
    "end": "discounted from one cycle after that instant",
    "year_step": "discounted by the whole years completed at that instant",
}
EVENT_TIMES = {
    "start": "at the start of its cycle",
    "mid": "at the middle of its cycle",
    "end": "at the end of its cycle",
    "year_step": "at the whole years completed at the start of its cycle",
}

#: The tutorial's weights move an event to the end of its cycle.
EVENT_TIMES_LATE = {
    "start": "at the end of its cycle",
    "mid": "half a cycle after the end of its cycle",
    "end": "one cycle after the end of its cycle",
    "year_step": "at the whole years completed at the end of its cycle",
}

EFFECT_UNITS = {QALY: "QALY", LIFE_YEARS: "life-year"}


def methods_sentences(scenario: Scenario, tables: Mapping[str, pd.DataFrame] | None = None) -> list[str]:
    """How the results were made, one sentence or two for each convention.

    Parameters
    ----------
    scenario : Scenario
    tables : mapping of str to DataFrame, optional
        Of the run, for what was simulated.

    Returns
    -------
    list of str
    """
    return [
        *_structure(scenario),
        *_simulation((tables or {}).get("simulation_summary")),
        *_discounting(scenario),
        *_counting(scenario),
        *_transitions(scenario.model),
        *_comparison(scenario),
        *_inputs(scenario),
        *uncertainty_sentences(scenario),
    ]


def per_effect(model: Model, effect: str) -> str:
    """What a ratio is per: ``QALY``, ``life-year``, or a unit of another outcome."""
    return EFFECT_UNITS.get(effect, f"unit of {in_sentence(model.outcomes[effect].label)}")


def counted_outcomes(model: Model) -> list[Outcome]:
    """Outcomes that something in the model pays into."""
    used = {p.account.outcome for c in model.cohorts.values() for p in _cohort_payoffs(c)}
    used |= {p.account.outcome for b in _branches(model.tree) for p in b.payoffs}
    if model.cohorts:
        used.add(LIFE_YEARS)
    return [o for name, o in model.outcomes.items() if name in used]


def _structure(scenario: Scenario) -> Iterator[str]:
    model, settings = scenario.model, scenario.settings
    leads = f"a decision tree that leads into {counted(len(model.cohorts), 'state-transition cohort')}"
    what = leads if model.cohorts else "a decision tree"
    strategies = counted(len(model.strategies), "strategy", "strategies")
    yield f"The model is {what}; its {strategies} differ only in the levers listed above and share everything else."
    yield ENGINES.get(scenario.engine, f"The engine was {scenario.engine}.")
    for cohort in model.cohorts.values():
        yield f"{as_sentence(cohort.label)}: {_cycles(cohort, settings.horizon)}; age at entry {cohort.start_age.text}."
    if not model.cohorts:
        return
    if settings.horizon is None:
        yield "No shorter horizon is set: every cohort runs for its whole length."
    else:
        yield f"The horizon is set to {length_text(settings.horizon)}: every cohort stops there."


def _simulation(summary: pd.DataFrame | None) -> Iterator[str]:
    if summary is None:
        return
    row = summary.iloc[0]
    yield (
        f"{counted(int(row['individuals']), 'child', 'children')} were simulated, with the seed {row['seed']}. Random "
        "numbers come from the counter-based generator Philox 4x32-10 (Salmon, Moraes, Dror and Shaw 2011), keyed by "
        "seed, child, event and cycle: the order of the work and the number of threads change nothing, and each child "
        "has the same numbers under every strategy (common random numbers)."
    )
    yield (
        "Standard errors of simulation are those of a mean of independent children, weighted by the share of the "
        "population that they stand for; an increment compares each child with itself under the other strategy. What "
        "the tree pays, and whoever enters no cohort, is exact and adds no error."
    )
    yield "Amounts by state and cycle (state_table.csv) are kept by the cohort engine only."


def _cycles(cohort: Cohort, horizon: Fraction | None) -> str:
    parts, total, cycles = [], Fraction(0), 0
    for stretch in cohort.stretches:
        count = stretch.count
        if horizon is not None:
            count = min(count, int((horizon - total) / stretch.length))
        if count <= 0:
            break
        total += count * stretch.length
        cycles += count
        parts.append(f"{length_text(stretch.length)} until {_years(total)}")
    return f"cycles of {joined(parts, 'then')} ({counted(cycles, 'cycle')})"


def _discounting(scenario: Scenario) -> Iterator[str]:
    model, settings = scenario.model, scenario.settings
    yield (
        f"Costs are discounted at {rates(settings.discount_rate_costs)} a year and outcomes at "
        f"{rates(settings.discount_rate_outcomes)} a year."
    )
    outcomes = counted_outcomes(model)
    as_costs = [in_sentence(o.label) for o in outcomes if o.discounted_as == "costs" and o.name != COST]
    never = [in_sentence(o.label) for o in outcomes if o.discounted_as == "none"]
    if as_costs:
        yield f"Discounted at the rate of costs: {joined(as_costs)}."
    if never:
        yield f"Not discounted: {joined(never)}."


def _counting(scenario: Scenario) -> Iterator[str]:
    model, settings = scenario.model, scenario.settings
    at = "A payoff on a branch of the tree is discounted from the time given with it, by default the start of the tree."
    if not model.cohorts:
        yield at
        yield "There are no cycles, so no within-cycle correction applies."
        return
    groups: dict[tuple[str, str], list[Outcome]] = {}
    held = {p.account.outcome for c in model.cohorts.values() for p in c.state_payoffs} | {LIFE_YEARS}
    for outcome in (o for o in model.outcomes.values() if o.name in held):  # the others are events only
        key = (settings.correction(outcome.name), settings.timing(outcome.name))
        groups.setdefault(key, []).append(outcome)
    for (correction, timing), outcomes in groups.items():
        who = (
            "All payoffs in states"
            if len(groups) == 1
            else joined(_capital(o.label, i) for i, o in enumerate(outcomes))
        )
        words = (TIMINGS_BY_ROW if correction in BY_ROW else TIMINGS)[timing]
        yield f"{who}: {CORRECTIONS[correction]}, and {words}."
    yield from _events(model, settings)
    yield at


def _events(model: Model, settings: Settings) -> Iterator[str]:
    text = (
        "Payoffs on branches, at the start of a cohort, on entering a state and on a transition count once and in "
        "full: the within-cycle correction does not touch them"
    )
    moved = _moved(model)
    if any(settings.correction(name) == "darth_simpson" for name in moved):
        text += ", except that those on transitions are weighted like the cycle end they lead to, as in the tutorial"
    yield text + "."
    if moved:
        times: dict[str, list[str]] = {}
        for name in moved:
            table = EVENT_TIMES_LATE if settings.correction(name) == "darth_simpson" else EVENT_TIMES
            times.setdefault(table[settings.timing(name)], []).append(in_sentence(model.outcomes[name].label))
        parts = [f"{when}" + (f" ({joined(who)})" if len(times) > 1 else "") for when, who in times.items()]
        yield (
            f"A payoff on a transition or on entering a state is discounted {joined(parts, 'or')}; one at the start of "
            "a cohort from the time of entry."
        )


def _moved(model: Model) -> list[str]:
    return list(dict.fromkeys(p.account.outcome for c in model.cohorts.values() for p in c.move_payoffs))


def _transitions(model: Model) -> Iterator[str]:
    transitions = [t for c in model.cohorts.values() for row in c.transitions.values() for t in row]
    kinds = {t.kind for t in transitions}
    if "hazard" in kinds:
        yield (
            f"Hazards are constant over a cycle and compete: of those in a state, 1 {MINUS} exp({MINUS}sum of hazards "
            f"{TIMES} cycle length) leave, shared in proportion to the hazards."
        )
    both = any(
        {t.kind for t in row} == {"hazard", "probability"}
        for c in model.cohorts.values()
        for row in c.transitions.values()
    )
    if both:
        yield "Where a state has hazards and probabilities, probabilities share out those whom no hazard has moved."
    if "probability" in kinds:
        converted = any(t.kind == "probability" and t.formula is not None and t.per is not None for t in transitions)
        extra = " A probability per unit of time is brought to the cycle at a constant hazard." if converted else ""
        yield f"Probabilities of one state in one cycle are used as they stand and add up to at most 1.{extra}"


def _comparison(scenario: Scenario) -> Iterator[str]:
    model, settings = scenario.model, scenario.settings
    about, currency = model.about, model.about["currency"]
    unit = per_effect(model, settings.effect)
    perspectives = joined(plain(p) for p in settings.perspectives)
    yield f"Costs and outcomes are counted from the perspective: {perspectives}; life-years count in every perspective."
    others = sorted({p.account.perspective for p in _all_payoffs(model)} - set(settings.perspectives) - {"all"})
    if others:
        yield f"Also booked, shown by component, but not in the headline: {joined(plain(p) for p in others)}."
    yield f"Results are per {about['basis']}, in {price_year(about)}."
    yield from price_sentences(scenario)
    if len(model.strategies) > 1:
        label = {s.name: s.label for s in model.strategies}[model.comparator]
        effects = in_sentence(model.outcomes[settings.effect].label)
        yield (
            f"The ICER is the ratio of the mean increments of cost and {effects}, per {unit}. Strategies are put in "
            "order of cost; one that costs no less and does no better than another is dominated, one whose ICER is "
            "above that of the next more effective strategy is extendedly dominated, and each that is left is compared "
            "with the next cheaper one. Strategies with equal cost and effect are reported as no difference."
        )
        yield f"The comparator of pairwise differences and of incremental net benefit is {label}."
    sign = currency_sign(currency)
    thresholds = joined(sign + whole(t) for t in settings.thresholds)
    yield f"Net monetary benefit is threshold {TIMES} effect {MINUS} cost, at {thresholds} per {unit}."
    yield from preset_sentences(scenario)
    if model.births is not None:
        yield f"Results per birth are multiplied by births per year ({model.births.text}) for the annual cohort."


def _inputs(scenario: Scenario) -> Iterator[str]:
    model = scenario.model
    if scenario.choices:
        base = {name: choice.options[0] for name, choice in model.choices.items()}
        parts = [
            f"{plain(name)}: {plain(option)}" + ("" if option == base[name] else f" (base case {plain(base[name])})")
            for name, option in scenario.choices.items()
        ]
        yield f"Structural choices in force: {'; '.join(parts)}."
    if scenario.overrides:
        yield f"Replaced by a number of this scenario: {joined(scenario.overrides)}."
    yield from table_sentences(model)
    rows = model.parameters.rows.values()
    uncertain = sum(row.uncertain for row in rows)
    have = "has" if uncertain == 1 else "have"
    lead = f"The model has {counted(len(rows), 'parameter')}, of which {uncertain} {have} a distribution"
    if scenario.analyses.psa is None:
        yield f"{lead}; none was drawn in this run: every result is at base values and says nothing about uncertainty."
    else:
        yield f"{lead}. Results outside the probabilistic analysis are at base values."


def rate_text(settings: Settings) -> str:
    """Both discount rates, for one line."""
    costs, outcomes = rates(settings.discount_rate_costs), rates(settings.discount_rate_outcomes)
    return f"{costs} for costs and outcomes" if costs == outcomes else f"{costs} for costs, {outcomes} for outcomes"


def _cohort_payoffs(cohort: Cohort) -> Iterator[StatePayoff | StartPayoff | MovePayoff]:
    yield from cohort.state_payoffs
    yield from cohort.start_payoffs
    yield from cohort.move_payoffs


def _all_payoffs(model: Model) -> Iterator[StatePayoff | StartPayoff | MovePayoff | BranchPayoff]:
    for cohort in model.cohorts.values():
        yield from _cohort_payoffs(cohort)
    for branch in _branches(model.tree):
        yield from branch.payoffs


def _branches(tree: tuple[Branch, ...]) -> Iterator[Branch]:
    for branch in tree:
        yield branch
        yield from _branches(branch.branches)


def _capital(label: str, i: int) -> str:
    return label if i == 0 else in_sentence(label)


def _years(years: Fraction) -> str:
    return length_text(years) if years.denominator <= 12 else f"{whole(round(float(years), 2))} years"
