"""Running a model from Python with plain dictionaries, checked like a config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbsmodel.config.scenario import ENGINES, check_changes, make_settings
from nbsmodel.engine.evaluate import evaluate as evaluate_model
from nbsmodel.engine.result import Result
from nbsmodel.engine.simulation import Simulation
from nbsmodel.model.parts import Model


def evaluate(
    model: Model,
    draws: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    overrides: Mapping[str, float] | None = None,
    choices: Mapping[str, str] | None = None,
    *,
    keep_trace: bool = False,
    detail: bool = False,
    block: int | None = None,
    threads: int = 1,
    engine: str = "cohort",
    individuals: int = Simulation.individuals,
    seed: int = Simulation.seed,
    keep: int = 0,
    years: int = 0,
) -> Result:
    """Run a model over draws of its parameters, or once at base values.

    Parameters
    ----------
    model : Model
        From `load_model`.
    draws : mapping or DataFrame of parameter name to array (draws,), optional
        Parameters that vary; the others stand at their base value.
    settings : mapping, optional
        Settings that replace those of the model file.
    overrides : mapping of str to float, optional
        Parameters or derived values replaced by a number.
    choices : mapping of str to str, optional
        Option by choice; the first option where none is given.
    keep_trace, detail, block, threads, years
        See `nbsmodel.engine.evaluate.evaluate`.
    engine : {'cohort', 'microsimulation'}
    individuals, seed, keep : int
        Of a microsimulation, see `nbsmodel.engine.simulation.Simulation`.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        With every problem found.

    Examples
    --------
    >>> model = nbsmodel.load_model("models/condition/model")  # doctest: +SKIP
    >>> nbsmodel.evaluate(model, overrides={"p_uptake": 0.9}).total("qaly", "screening")  # doctest: +SKIP
    """
    if engine not in ENGINES:
        raise ValueError(f"no engine is named {engine}; there are {' and '.join(ENGINES)}")
    simulation = Simulation(individuals, seed, keep=keep) if engine == "microsimulation" else None
    base, options = check_changes(model, overrides or {}, choices or {})
    return evaluate_model(
        model,
        draws,
        make_settings(model, settings or {}),
        base=base,
        options=options,
        keep_trace=keep_trace,
        detail=detail,
        block=block,
        threads=threads,
        simulation=simulation,
        years=years,
    )
