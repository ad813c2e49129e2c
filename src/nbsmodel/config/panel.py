"""A panel: several conditions found by one shared test, put together from their own configs.

Each condition keeps its own model and config. The panel replaces the cost of its test by the marginal cost on the
shared one, imposes births, settings and shared parameters, and adds the cost that is shared once.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nbsmodel.config.analyses import Analyses
from nbsmodel.config.merge import SIMULATED, Merged, merge_file, merge_set, validated
from nbsmodel.config.panel_checks import check_panel
from nbsmodel.config.panel_parameters import panel_parameters
from nbsmodel.config.panel_parts import Panel, PanelCondition, price_factor
from nbsmodel.config.panel_schema import ConditionSchema, PanelSchema
from nbsmodel.config.reference_case import reference_settings
from nbsmodel.config.scenario import Change, Scenario, load_scenario
from nbsmodel.errors import InputError, Problem, Problems, nearest
from nbsmodel.formula.tree import Name as NameNode
from nbsmodel.model.parameters import ParameterTable
from nbsmodel.model.parts import Model
from nbsmodel.model.validate import problems_in
from nbsmodel.model.yamlfile import Document, shown

#: Analyses that a panel makes.
OF_PANEL = ("psa",)
#: No condition may have this name.
RESERVED = ("all",)
#: What a config of one model has and a panel has not.
OF_ONE_MODEL = ("model", "engine", *SIMULATED)
#: Values at the top of a panel that hold for the configs of all its conditions.
IMPOSED = ("price_year",)


def is_panel(config: str | Path, sets: Sequence[str] = ()) -> bool:
    """Whether a config asks for a panel; one that cannot be read does not.

    Parameters
    ----------
    config : str or Path
    sets : sequence of str
        ``key=value`` changes.
    """
    return not os.path.isdir(config) and bool(_merged(Path(config), sets)[0].panel)


def load_panel(config: str | Path, sets: Sequence[str] = ()) -> Panel:
    """Load a config with the key ``panel``, and the configs of its conditions.

    Parameters
    ----------
    config : str or Path
    sets : sequence of str
        ``key=value`` changes, as in ``panel.conditions.<name>.overrides.<parameter>=0.9``.

    Raises
    ------
    InputError
        With every problem of the panel, of its conditions, and of what they cannot have together.
    """
    merged, files, problems = _merged(Path(config), sets)
    return _Loader(Path(config), merged, files, problems).load()


def _merged(config: Path, sets: Sequence[str]) -> tuple[Merged, list[Path], Problems]:
    merged, problems = Merged(), Problems()
    files: list[Path] = []
    merge_file(config, merged, files, problems)
    for text in sets:
        merge_set(text, merged, problems)
    return merged, files, problems


class _Loader:
    def __init__(self, config: Path, merged: Merged, files: list[Path], problems: Problems) -> None:
        self.config, self.merged, self.files, self.problems = config, merged, files, problems

    def load(self) -> Panel:
        self._refuse_keys()
        analyses = self._analyses()
        schema = self._schema()
        if schema is None:
            self.problems.raise_if_any()
        assert schema is not None
        own = self._scenarios(schema, analyses)
        known = {key for s in own.values() for key in s.model.sources}
        table = panel_parameters(schema, known, self.place, self.problems)
        self._check_references(schema, table, own)
        self.problems.raise_if_any()
        conditions = {name: self._condition(name, schema, table, scenario) for name, scenario in own.items()}
        first = next(iter(conditions.values())).own
        single = self.merged.single
        panel = Panel(
            name=self.config.stem,
            title=single.get("title", (self.config.stem.replace("_", " "),))[0],
            note=" ".join(str(single.get("note", ("",))[0] or "").split()),
            asked=schema,
            parameters=table,
            conditions=conditions,
            settings=first.settings,
            analyses=analyses,
            seed=single.get("seed", (1,))[0],
            reference_case=reference_settings(self.merged, self.problems, self.files),
            reasons=self._reasons(conditions),
            files=tuple(dict.fromkeys([*self.files, *(f for c in conditions.values() for f in c.own.files)])),
            place=self.place,
            given={key: block for key, (block, _) in self.merged.analyses.items() if block is not None},
        )
        check_panel(panel, self.problems)
        self.problems.raise_if_any()
        return panel

    def place(self, *key: str) -> str:
        """File, line and key within ``panel``; of the nearest key above it where it stands in no file."""
        places, known = self.merged.panel_places, key
        while known and known not in places:
            known = known[:-1]
        dotted = ".".join(("panel", *key))
        if known:
            return f"{places[known].rpartition(' ')[0]} {dotted}" if known != key else places[known]
        return f"{shown(self.config)} {dotted}"

    def _refuse_keys(self) -> None:
        for key in OF_ONE_MODEL:
            if key in self.merged.single:
                found = f"a panel has no {key} of its own."
                self.problems.add(self.merged.single[key][1], found, "It belongs to the configs of its conditions.")
        for kind in ("overrides", "choices"):
            for _, place in getattr(self.merged, kind).values():
                fix = f"Write panel.conditions.<name>.{kind}, or panel.parameters."
                self.problems.add(place, f"a panel has no {kind} of its own: which condition is meant?", fix)

    def _analyses(self) -> Analyses:
        for key, (block, place) in self.merged.analyses.items():
            if key not in OF_PANEL and block is not None:
                fix = "Run it on the config of a condition; a panel makes psa."
                self.problems.add(place, f"{key} is no analysis of a panel.", fix)
        given = {k: v for k, v in self.merged.analyses.items() if v[0] is not None and k in OF_PANEL}
        found = validated(Analyses, "analyses", given, self.problems) or Analyses()
        place = given["psa"][1] if "psa" in given else ""
        if found.psa is not None and found.psa.sampling == "sobol":
            text = "the Sobol' points of several models are not independent of each other."
            self.problems.add(f"{place}.sampling", text, "Write monte_carlo or latin_hypercube.")
        for key in ("file", "alternatives", "precision"):
            if found.psa is not None and getattr(found.psa, key):
                text = f"a panel draws several models together and cannot use {key}."
                self.problems.add(f"{place}.{key}", text, "Remove it.")
        return found

    def _reasons(self, conditions: Mapping[str, PanelCondition]) -> dict[str, str]:
        """Why settings depart from the reference case: as the panel says, else as a condition's config does."""
        of_configs = {key: reason for c in conditions.values() for key, reason in c.own.reasons.items()}
        return of_configs | {key: reason for key, (reason, _) in self.merged.departures.items()}

    def _schema(self) -> PanelSchema | None:
        data = {key: block for key, (block, _) in self.merged.panel.items()}
        try:
            return PanelSchema.model_validate(data)
        except ValidationError as error:
            for problem in problems_in(error, Document(Path("panel"), data), PanelSchema):
                dotted = problem.place.partition(" ")[2]
                self.problems.add(self.place(*(k for k in dotted.split(".") if k)), problem.found, problem.fix)
            return None

    def _scenarios(self, schema: PanelSchema, analyses: Analyses) -> dict[str, Scenario]:
        found: dict[str, Scenario] = {}
        taken: dict[Path, str] = {}
        for name, asked in schema.conditions.items():
            place = self.place("conditions", name, "config")
            if name in RESERVED:
                text = f"{name} is what all conditions are called together."
                self.problems.add(self.place("conditions", name), text, "Choose another name.")
            path = Path(os.path.abspath(asked.config))
            if path in taken:
                text = f"{shown(path)} is the config of {taken[path]} too: what it saves would count twice."
                self.problems.add(place, text, "Name each condition once.")
                continue
            taken[path] = name
            if not path.is_dir() and is_panel(path):
                self.problems.add(place, f"{shown(path)} is a panel itself.", "Name the configs of its conditions.")
                continue
            try:
                found[name] = self._scenario(name, path, schema, asked, analyses)
            except InputError as error:
                self.problems.items += [self._within(p, place) for p in error.problems]
        return found

    def _within(self, problem: Problem, place: str) -> Problem:
        """A problem of a condition's config, led by where the panel names it; those of the panel stand as they are."""
        imposed = [where for _, where in self.merged.settings.values()]
        imposed += [self.merged.single[key][1] for key in IMPOSED if key in self.merged.single]
        if " panel." in problem.place or any(problem.place.startswith(where) for where in imposed):
            return problem
        return Problem(f"{place} > {problem.place}", problem.found, problem.fix)

    def _scenario(
        self, name: str, path: Path, schema: PanelSchema, asked: ConditionSchema, analyses: Analyses
    ) -> Scenario:
        kept: dict[str, Any] = {}

        def over(merged: Merged) -> None:
            kept.update({key: block for key, (block, _) in merged.analyses.items() if block is not None})
            merged.analyses.clear()
            merged.settings |= self.merged.settings
            merged.single |= {key: self.merged.single[key] for key in IMPOSED if key in self.merged.single}
            for key, number in asked.overrides.items():
                merged.overrides[key] = (float(number), self.place("conditions", name, "overrides", key))
            for key, option in asked.choices.items():
                merged.choices[key] = (option, self.place("conditions", name, "choices", key))

        scenario = load_scenario(path, (), over)
        psa = kept.get("psa")
        if analyses.psa is not None and isinstance(psa, dict) and (psa.get("alternatives") or psa.get("file")):
            what = "a file of draws" if psa.get("file") else "structural alternatives"
            text = f"the probabilistic analysis of {shown(path)} has {what}, which a panel cannot combine."
            self.problems.add(self.place("conditions", name, "config"), text, "Name a config without.")
        return replace(scenario, analyses=analyses)

    def _check_references(self, schema: PanelSchema, table: ParameterTable, own: Mapping[str, Scenario]) -> None:
        """Names of panel parameters, and of what each condition has."""
        test = schema.shared_test
        self._known(test.cost, table.rows, ("shared_test", "cost"))
        if test.set_up is not None:
            self._known(test.set_up.cost, table.rows, ("shared_test", "set_up", "cost"))
        self._known(test.tested, {*table.rows, *schema.shared_parameters}, ("shared_test", "tested"))
        for name, asked in schema.conditions.items():
            self._known(asked.marginal_cost, table.rows, ("conditions", name, "marginal_cost"))
            if name not in own:
                continue
            model = own[name].model
            where = shown(model.folder)
            key = ("conditions", name)
            self._known(asked.test_cost, model.parameters.rows, (*key, "test_cost"), f"parameter in {where}")
            self._known(asked.strategy, model.strategy_names, (*key, "strategy"), f"strategy in {where}")
            comparator = asked.comparator or model.comparator
            self._known(comparator, model.strategy_names, (*key, "comparator"), f"strategy in {where}")
            if asked.strategy == comparator:
                text = f"{comparator} is set against itself."
                self.problems.add(self.place(*key, "strategy"), text, "Name the strategy that screens.")
            if asked.test_cost in asked.overrides:
                text = f"{asked.test_cost} is overridden and replaced by {asked.marginal_cost} at once."
                self.problems.add(self.place(*key, "overrides", asked.test_cost), text, "Keep one of them.")
            for parameter, what in _imposing(schema, table, model).items():
                if parameter in asked.overrides:
                    text = f"{parameter} is overridden here and imposed on all conditions by {what}."
                    self.problems.add(self.place(*key, "overrides", parameter), text, "Keep one of them.")

    def _known(self, name: str, allowed: Any, key: tuple[str, ...], what: str = "parameter of the panel") -> None:
        if name not in allowed:
            self.problems.add(self.place(*key), f"{name} is no {what}.", nearest(name, allowed))

    def _condition(self, name: str, schema: PanelSchema, table: ParameterTable, scenario: Scenario) -> PanelCondition:
        """A condition with what the panel imposes: births and shared parameters on both runs, the test cost on one."""
        asked, model = schema.conditions[name], scenario.model
        imposed: dict[str, tuple[float, str]] = {}
        if schema.births is not None and model.births is not None and isinstance(model.births.node, NameNode):
            imposed[model.births.node.id] = (float(schema.births), self.place("births"))
        for shared in schema.shared_parameters:
            if shared in table.rows and shared in model.parameters.rows:
                row = table.rows[shared]
                imposed[shared] = (row.value / price_factor(model, shared), row.place)
        own = _imposed(scenario, imposed)
        row = table.rows[asked.marginal_cost]
        value = row.value / price_factor(model, asked.test_cost)
        return PanelCondition(
            name=name,
            label=asked.label or model.about["condition"],
            own=own,
            assay=_imposed(own, {asked.test_cost: (value, self.place("conditions", name, "marginal_cost"))}),
            strategy=asked.strategy,
            comparator=asked.comparator or model.comparator,
            test_cost=asked.test_cost,
            marginal_cost=asked.marginal_cost,
            config=Path(asked.config),
        )


def _imposing(schema: PanelSchema, table: ParameterTable, model: Model) -> dict[str, str]:
    """Parameters of a model that the panel sets for all conditions, and what in it does."""
    found = {name: f"panel.parameters.{name}" for name in schema.shared_parameters if name in table.rows}
    if schema.births is not None and model.births is not None and isinstance(model.births.node, NameNode):
        found[model.births.node.id] = "panel.births"
    return found


def _imposed(scenario: Scenario, values: Mapping[str, tuple[float, str]]) -> Scenario:
    """A scenario with further overrides, each logged as a change."""
    model, changes = scenario.model, []
    for name, (value, place) in values.items():
        row = model.parameters.rows.get(name)
        before = scenario.overrides.get(name, row.value if row is not None else model.derived[name].formula.text)
        if before != value:
            changes.append(Change(f"overrides.{name}", before, value, place))
    overrides = scenario.overrides | {name: value for name, (value, _) in values.items()}
    return replace(scenario, overrides=overrides, changes=(*scenario.changes, *changes))
