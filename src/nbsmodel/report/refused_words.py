"""What is said of draws that were refused, in the report and in the terminal."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.model.units import legal_range
from nbsmodel.report.format import joined, number, records, share

#: Shares of refused draws above which the answer says so, and above which it warns against the draws.
MENTIONED, DISTORTED = 0.01, 0.1
#: Causes that are named.
MOST = 3


def refused_draws(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> str:
    """Sentences on the draws that were refused; empty where there were few or none.

    Parameters
    ----------
    scenario : Scenario
    tables : mapping of str to DataFrame
        ``psa_run`` and ``psa_refused``, where there was a probabilistic analysis.
    """
    if "psa_run" not in tables:
        return ""
    run = records(tables["psa_run"])[0]
    asked, refused = int(run["asked"]), int(run["asked"]) - int(run["draws"])
    if refused <= MENTIONED * asked:
        return ""
    rows = records(tables["psa_refused"])
    causes = [f"{_cause(scenario, r)} in {share(r['share'])}" for r in rows[:MOST]]
    if len(rows) > MOST:
        causes.append(f"{len(rows) - MOST} more")
    said = f"{refused:,} of {asked:,} draws ({share(refused / asked)}) were refused and left out: {joined(causes)}."
    if refused <= DISTORTED * asked:
        return f"{said} Mend the distribution, so that it stays within the range of its unit."
    return (
        f"{said} The draws that are left follow other distributions than those written down. Do not use results of the "
        "draws before these are mended."
    )


def _cause(scenario: Scenario, row: dict[str, object]) -> str:
    """The parameter with what it was, or the place of the formula."""
    cause = str(row["cause"])
    if row["kind"] != "parameter":
        return f"{cause} could not be worked out"
    parameter = scenario.model.parameters.rows.get(cause)
    label = "" if parameter is None or parameter.label == cause else f" ({parameter.label})"
    low, high = legal_range(str(row["allowed"]).partition(":")[0])
    lowest, highest = (float(str(row[end])) for end in ("lowest", "highest"))
    ends = [f"as low as {number(lowest)}"] if lowest < low else []
    ends += [f"as high as {number(highest)}"] if highest > high else []
    return f"{cause}{label} was {joined(ends)}, outside its range ({row['allowed']}),"
