"""Sentences of the methods paragraph on uncertainty, made from what was switched on."""

from __future__ import annotations

from collections.abc import Iterator

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.format import counted, joined, percent, whole

SAMPLING = {
    "monte_carlo": "by simple random sampling (Monte Carlo)",
    "latin_hypercube": "by Latin hypercube sampling",
    "sobol": "at scrambled Sobol' points",
}


def uncertainty_sentences(scenario: Scenario) -> Iterator[str]:
    """How the draws were made and joined, and how the other analyses were."""
    if scenario.analyses.psa is not None:
        yield from _draws(scenario)
        yield from _information(scenario)
    yield from _points(scenario)
    yield from _global(scenario)


def _draws(scenario: Scenario) -> Iterator[str]:
    psa, table = scenario.analyses.psa, scenario.model.parameters
    assert psa is not None
    if psa.file is not None:
        yield "The draws of the probabilistic analysis were read from a file and used as they are."
    else:
        names = [n for n, row in table.rows.items() if row.uncertain and n not in scenario.overrides]
        yield (
            f"{counted(psa.draws, 'joint draw')} of {counted(len(names), 'uncertain parameter')} were made "
            f"{SAMPLING[psa.sampling]} with seed {scenario.seed}; Dirichlet and multivariate normal groups are drawn "
            "as units."
        )
        if table.correlations:
            yield (
                "Correlated parameters are joined by a Gaussian copula, which keeps the distribution of each: "
                + "; ".join(f"{joined(c.between)} with rank correlation {c.rank:g}" for c in table.correlations)
                + ". All other parameters are independent."
            )
        else:
            yield "Parameters are independent but for these groups."
    if psa.alternatives:
        total = sum(a.weight for a in psa.alternatives.values())
        parts = [f"{a.label or name} ({percent(a.weight / total)})" for name, a in psa.alternatives.items()]
        yield f"Every draw is run under one of the structural alternatives, drawn by weight: {joined(parts)}."
    yield (
        "A draw with a value that its unit does not allow, or that the model cannot run with, is left out and "
        "counted. All strategies are run with the same draws; means are over draws, intervals run from the 2.5th to "
        "the 97.5th percentile."
    )


def _information(scenario: Scenario) -> Iterator[str]:
    asked = scenario.analyses
    yield (
        "The value of perfect information is the mean over draws of what is lost by the strategy with the highest "
        "mean net benefit."
    )
    if asked.evppi is not None:
        yield (
            "The value of partial perfect information was estimated by regression of net benefit on the parameters "
            "of each set (Strong, Oakley and Brennan 2014)."
        )
    if asked.evsi is not None:
        yield (
            "The value of sample information was estimated by regression on summaries of data sets that were "
            "simulated from every draw (Strong and others 2015)."
        )
    if scenario.model.births is not None:
        rate = asked.population.discount_rate
        at = "the rates of costs" if rate is None else f"{percent(rate)} a year"
        yield (
            f"Values for the population count the births of {whole(float(asked.population.horizon))} years, "
            f"discounted at {at}."
        )


def _points(scenario: Scenario) -> Iterator[str]:
    asked = scenario.analyses
    if asked.one_way is not None:
        yield (
            "One-way analyses set one parameter at a time to the 2.5% and 97.5% quantile of its distribution, unless "
            "other limits are given; the other members of a Dirichlet group are rescaled to what it leaves."
        )
    if asked.break_even or asked.value_based_price:
        yield "Break-even values were solved for, and each was run again to see that the net benefit is zero there."


def _global(scenario: Scenario) -> Iterator[str]:
    asked, library = scenario.analyses, []
    if asked.sobol is not None:
        library.append(f"Sobol' indices ({whole(asked.sobol.base_samples)} base samples)")
    if asked.morris is not None:
        library.append("Morris screening")
    if asked.pawn is not None:
        library.append("the PAWN index")
    if library:
        yield f"Global sensitivity of incremental net benefit: {joined(library)}, computed with SALib."
