"""Tables of a calibration: values fitted, targets, every solution, profiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbsmodel.config.scenario import Scenario
from nbsmodel.run.calibration_file import CalibrationSchema, bounds
from nbsmodel.run.runs import Runs

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.analysis.calibration import Calibration, Solution


def calibration_tables(
    scenario: Scenario,
    schema: CalibrationSchema,
    fit: Calibration,
    profiles: Sequence[Sequence[Calibration | None]],
) -> dict[str, pd.DataFrame]:
    """Tables of a calibration.

    Parameters
    ----------
    scenario : Scenario
    schema : CalibrationSchema
    fit : Calibration
    profiles : sequence of sequences of Calibration or None
        By profile and value; None where the model cannot run.

    Returns
    -------
    dict of str to DataFrame
        - ``calibration``: a row a parameter: value in force, fitted, bounds, and the lowest and highest value over
          all solutions that fit as well (`parameters`, `targets` and `rank` stand in every row);
        - ``calibration_targets``: a row a target: ours beside it, residual, whether it is met;
        - ``calibration_solutions``: a row a solution and parameter;
        - ``calibration_profile``: a row a profile, value and parameter, where profiles are asked for.
    """
    import pandas as pd  # takes a third of a second to load

    tables = {
        "calibration": pd.DataFrame(_parameters(scenario, schema, fit)),
        "calibration_targets": pd.DataFrame(_targets(schema, fit.chosen)),
        "calibration_solutions": pd.DataFrame(_solutions(schema, fit)),
    }
    if profiles:
        rows = [
            row
            for profile, fits in zip(schema.profiles, profiles, strict=True)
            for value, one in zip(profile.at, fits, strict=True)
            for row in _profile(scenario, schema, profile.fix, value, one)
        ]
        tables["calibration_profile"] = pd.DataFrame(rows)
    return tables


def met(schema: CalibrationSchema, solution: Solution) -> list[bool]:
    """Whether each target is met; rounding of the last digit is forgiven."""
    missed = abs(solution.residuals * [t.scale for t in schema.targets])
    return [bool(gap <= t.allowed * (1 + 1e-9)) for gap, t in zip(missed.tolist(), schema.targets, strict=True)]


def _parameters(scenario: Scenario, schema: CalibrationSchema, fit: Calibration) -> list[dict[str, object]]:
    base, ends = Runs(scenario).values, bounds(scenario, schema)
    low, high = fit.range()
    return [
        {
            "parameter": name,
            "label": scenario.model.parameters.rows[name].label,
            "unit": scenario.model.parameters.rows[name].unit,
            "start": base[name],
            "fitted": float(fit.chosen.values[i]),
            "low": float(low[i]),
            "high": float(high[i]),
            "lower_bound": ends[name][0],
            "upper_bound": ends[name][1],
            "at_bound": bool(fit.chosen.at_bound[i]),
            "parameters": len(ends),
            "targets": len(schema.targets),
            "rank": fit.rank,
            "ridge": fit.ridge,
        }
        for i, name in enumerate(ends)
    ]


def _targets(schema: CalibrationSchema, solution: Solution) -> list[dict[str, object]]:
    rows = []
    fits = met(schema, solution)
    for i, target in enumerate(schema.targets):
        residual = float(solution.residuals[i])
        rows.append(
            {
                "quantity": target.quantity,
                "target": float(target.value),
                "ours": float(target.value) + residual * target.scale,
                "difference": residual * target.scale,
                "scale": target.scale,
                "residual": residual,
                "allowed": target.allowed,
                "met": fits[i],
                "source": target.source,
                "where": target.where,
            }
        )
    return rows


def _solutions(schema: CalibrationSchema, fit: Calibration) -> list[dict[str, object]]:
    every = sorted((*fit.as_good, *fit.others), key=lambda s: (s is not fit.chosen, s.sum_of_squares))
    return [
        {
            "solution": number,
            "parameter": name,
            "value": float(solution.values[i]),
            "at_bound": bool(solution.at_bound[i]),
            "sum_of_squares": solution.sum_of_squares,
            "fits_as_well": any(solution is s for s in fit.as_good),
            "targets_met": all(met(schema, solution)),
            "starts": solution.starts,
            "of_starts": fit.starts,
        }
        for number, solution in enumerate(every, start=1)
        for i, name in enumerate(schema.parameters)
    ]


def _profile(
    scenario: Scenario, schema: CalibrationSchema, fixed: str, value: float, fit: Calibration | None
) -> list[dict[str, object]]:
    rows = scenario.model.parameters.rows
    names = [n for n in schema.parameters if n != fixed]
    return [
        {
            "fixed": fixed,
            "at": float(value),
            "parameter": name,
            "label": rows[name].label,
            "unit": rows[name].unit,
            "fitted": float("nan") if fit is None else float(fit.chosen.values[i]),
            "at_bound": fit is not None and bool(fit.chosen.at_bound[i]),
            "sum_of_squares": float("nan") if fit is None else fit.chosen.sum_of_squares,
            "targets_met": fit is not None and all(met(schema, fit.chosen)),
            "fixed_label": rows[fixed].label,
            "fixed_unit": rows[fixed].unit,
        }
        for i, name in enumerate(names)
    ]
