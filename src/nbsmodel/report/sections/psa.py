"""The probabilistic analysis in the report: what the draws say, how surely, and what it means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nbsmodel.config.scenario import Scenario
from nbsmodel.config.settings import length_text
from nbsmodel.model.parts import COST
from nbsmodel.report.format import joined, number, rates, records, share
from nbsmodel.report.report_tables import Grid
from nbsmodel.report.sections import psa_precision, psa_tables
from nbsmodel.report.sections.psa_words import NMB, Z95, PsaWords, Tables
from nbsmodel.report.sections.section import Section

ID = "psa"
SAMPLING = {
    "monte_carlo": "drawn at random (Monte Carlo)",
    "latin_hypercube": "drawn by Latin hypercube sampling",
    "sobol": "taken from a scrambled Sobol' sequence",
}


def psa_section(scenario: Scenario, tables: Tables) -> Section | None:
    """The section on the probabilistic analysis; None without one."""
    if "psa_summary" not in tables:
        return None
    words = PsaWords(scenario, tables)
    items: list[Grid | str | None] = [psa_precision.refused_grid(words), psa_tables.summary_grid(words)]
    paragraphs = list(_drawn(words))
    if words.others:
        paragraphs += _decision(words)
        items += ["psa_plane", psa_tables.quadrant_grid(words), psa_tables.ceac_grid(words), "ceac", "expected_loss"]
        items += [psa_tables.frontier_grid(words), psa_tables.evpi_grid(words), "evpi", psa_tables.case_grid(words)]
        items += [psa_tables.alternative_grid(words), psa_precision.precision_grid(words), "psa_convergence"]
    return Section(
        id=ID,
        title="Probabilistic analysis",
        paragraphs=tuple(paragraphs),
        items=tuple(item for item in items if item is not None),
        warnings=tuple(psa_precision.warnings(words)),
    )


def psa_answer(scenario: Scenario, tables: Tables) -> list[str]:
    """What the summary says of the uncertainty.

    Parameters
    ----------
    scenario : Scenario
    tables : mapping of str to DataFrame

    Returns
    -------
    list of str
        Empty without a probabilistic analysis.
    """
    if "psa_summary" not in tables:
        return []
    words = PsaWords(scenario, tables)
    said = list(_against_others(words) if words.others else _alone(words))
    if any(psa_precision.warnings(words)):
        said.append("Read the warnings there first.")
    return said


def _alone(words: PsaWords) -> Iterator[str]:
    """The only strategy of a model."""
    cost, effect = (words.summary(name, increment=False)[0] for name in (COST, words.effect))
    low, high = (words.amount(cost, key) for key in ("low95", "high95"))
    yield (
        f"Over the draws of the parameters the mean cost per {words.basis} is {words.amount(cost, 'mean')} (95% "
        f"interval {low} to {high}), with a mean of {number(effect['mean'])} {words.effects} "
        f"({number(effect['low95'])} to {number(effect['high95'])})."
    )


def _against_others(words: PsaWords) -> Iterator[str]:
    """Probabilities, and intervals at the first threshold."""
    first = words.thresholds[0]
    means = joined(
        f"{words.amount(r, 'mean')} (95% interval {words.amount(r, 'low95')} to {words.amount(r, 'high95')}) for "
        f"{words.label(r)}"
        for r in words.summary(NMB, first)
    )
    yield _chances(words)
    yield from _other_choice(words)
    yield f"The mean incremental net monetary benefit at {words.at(first)} is, per {words.basis}, {means}."


def _drawn(words: PsaWords) -> Iterator[str]:
    run = words.run
    from_file = run["sampling"] == "file"
    how = "read from a file and used as they are" if from_file else f"{SAMPLING[run['sampling']]}, seed {run['seed']}"
    yield f"The model was run for {int(run['draws']):,} draws of its uncertain parameters, {how}."
    if from_file:
        yield (
            "Errors are stated as for independent draws. Successive draws of a Markov chain are alike and say less "
            "than as many independent ones; the true errors are then larger."
        )
    elif run["sampling"] != "monte_carlo":
        yield (
            "Errors are stated as for random draws; as a rule they are smaller than that, since these points fill the "
            "space more evenly than chance does."
        )
    if run["individuals"]:
        yield (
            f"In each draw {int(run['individuals']):,} other children were simulated. Chance between children is part "
            "of the spread between draws: it widens the intervals and raises the value of information, the less so the "
            "more children are simulated."
        )


def _decision(words: PsaWords) -> Iterator[str]:
    yield _chances(words)
    yield from _best_and_likely(words)
    yield from _linear(words)
    yield from _switches(words)
    yield _information(words)
    yield _precise(words)


def _chances(words: PsaWords) -> str:
    """The strategy that is best on average and how probably it is cost-effective, threshold by threshold."""
    parts: list[tuple[str, list[str]]] = []
    for i, threshold in enumerate(words.thresholds):
        best = next(r for r in words.ceac(threshold) if r["frontier"])
        if not parts or parts[-1][0] != best["strategy"]:
            parts.append((best["strategy"], []))
        chance = f"the probability that it is cost-effective is {share(best['probability'])}"
        said = (
            f"{words.at(threshold)} ({chance})"
            if i == 0
            else f"{words.sum_of(threshold)} ({share(best['probability'])})"
        )
        parts[-1][1].append(said)
    best_at = "; ".join(
        f"{words.labels[name]} {'has the highest mean net monetary benefit ' if i == 0 else ''}at {joined(at)}"
        for i, (name, at) in enumerate(parts)
    )
    worst = max(r["half_width"] for r in words.precision("probability"))
    return (
        f"Over the draws of the parameters {best_at}. The number of draws leaves these probabilities uncertain by "
        f"{number(100 * worst, 2)} percentage points or less."
    )


def _best_and_likely(words: PsaWords) -> Iterator[str]:
    """Where the most probable strategy is not the one with the highest expectation."""
    for threshold in words.thresholds:
        rows = words.ceac(threshold)
        best = next(r for r in rows if r["frontier"])
        likely = max(rows, key=lambda r: r["probability"])
        if likely["probability"] > best["probability"] + 1e-12:
            yield (
                f"At {words.at(threshold)} {words.label(likely)} most often has the highest net benefit, but "
                f"{words.label(best)} has the highest on average and is the better choice: where it is ahead, it is "
                "ahead by more."
            )


def _other_choice(words: PsaWords) -> Iterator[str]:
    """Where the run at base values favours another strategy than the draws do."""
    for threshold in words.thresholds:
        rows = words.summary(NMB, threshold, increment=False)
        highest = max(r["base"] for r in rows)
        at_base = [r["strategy"] for r in rows if r["base"] == highest]
        best = [r["strategy"] for r in words.ceac(threshold) if r["frontier"]]
        if not set(at_base) & set(best):
            yield (
                f"At {words.at(threshold)} the run at base values favours {words.labels[at_base[0]]}, the mean over "
                f"the draws {words.labels[best[0]]}."
            )


def _linear(words: PsaWords) -> Iterator[str]:
    """Means of the draws beside the run at base values."""
    first = words.thresholds[0]
    rows = words.summary(NMB, first)
    pairs = "; ".join(
        f"{words.label(r)} {words.amount(r, 'mean')} (standard error {words.amount(r, 'se')}) and "
        f"{words.amount(r, 'base')}"
        for r in rows
    )
    lead = (
        f"Incremental net monetary benefit per {words.basis} at {words.at(first)}, on average over the draws and in "
        f"the run at base values: {pairs}."
    )
    apart = [words.label(r) for r in rows if r["nonlinear"]]
    if apart:
        yield (
            f"{lead} For {joined(apart)} the two are further apart than the draws leave to chance: "
            f"{_why_apart(words)}. A decision should rest on the mean over the draws."
        )
    else:
        yield f"{lead} They are no further apart than the draws leave to chance."
    yield from _other_choice(words)


def _why_apart(words: PsaWords) -> str:
    """What can set the mean over draws apart from the run at base values."""
    psa = words.scenario.analyses.psa
    assert psa is not None
    reasons = ["the model is not linear in its parameters"]
    if psa.alternatives:
        reasons.insert(0, "the draws are spread over structural alternatives, of which the base run knows none")
    if psa.file is not None:
        reasons.append("the draws of the file have other means than the base values")
    else:
        reasons.append("their base values are not the means of their distributions")
    if not words.tables["psa_refused"].empty:
        reasons.append("refused draws are missing")
    return ", or ".join(reasons)


def _switches(words: PsaWords) -> Iterator[str]:
    first, *later = [r for r in records(words.tables["psa_cea"]) if r["status"] == "frontier"]
    if later:
        errors = [float(f"{Z95 * float(r['icer_se']):.2g}") for r in later]
        steps = [
            f"{words.label(r)} from {words.sum_of(round(r['icer']))} on (give or take {words.sum_of(error)})"
            for r, error in zip(later, errors, strict=True)
        ]
        below = f"{words.label(first)} below {words.at(round(later[0]['icer']))}"
        yield f"On average over the draws the best choice is {joined([below, *steps])}."


def _information(words: PsaWords) -> str:
    found = [(t, words.evpi(t)) for t in words.thresholds]
    if not any(r["evpi"] for _, r in found):
        return (
            f"In all {int(words.run['draws']):,} draws the same strategy is best at each of these thresholds, so "
            "knowing the parameters better would not change the decision: the expected value of perfect information "
            "is 0."
        )
    threshold, row = next((t, r) for t, r in found if r["evpi"])
    parts = [f"{words.amount(row, 'evpi')} per {words.basis}"]
    if row["per_case"] == row["per_case"]:
        parts.append(f"{words.amount(row, 'per_case')} per affected birth")
    if row["population"] == row["population"]:
        population = words.scenario.analyses.population
        rate: Any = population.discount_rate
        parts.append(
            f"{words.large(row['population'])} for the births of {length_text(population.horizon)} (each year's "
            f"discounted from its start at {rates(words.settings.discount_rate_costs if rate is None else rate)})"
        )
    return (
        f"At {words.at(threshold)} knowing all parameters for certain before choosing would be worth "
        f"{joined(parts, 'or')}. No research for this decision can be worth more."
    )


def _precise(words: PsaWords) -> str:
    first = words.thresholds[0]
    rows = [r for r in words.precision("inmb") if r["threshold"] == first]
    halves = joined(f"{words.amount(r, 'half_width')} for {words.label(r)}" for r in rows)
    return (
        f"With this number of draws the mean incremental net monetary benefit at {words.at(first)} is known to within "
        f"{halves} (half its 95% interval of sampling)."
    )
