"""What the conditions of a panel must have in common before their results may be added up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbsmodel.config.panel_parts import Panel, PanelCondition
from nbsmodel.config.scenario import Scenario
from nbsmodel.errors import Problems, nearest
from nbsmodel.formula.tree import Name
from nbsmodel.model.parameters import Parameter
from nbsmodel.model.parts import Model

#: More numbers than this (draws times conditions) are not kept.
MOST_NUMBERS = 50_000_000


def check_panel(panel: Panel, problems: Problems) -> None:
    """Note everything that the conditions of a panel cannot have together.

    Parameters
    ----------
    panel : Panel
    problems : Problems
    """
    _Checks(panel, problems).run()


class _Checks:
    def __init__(self, panel: Panel, problems: Problems) -> None:
        self.panel, self.problems, self.place = panel, problems, panel.place
        self.conditions = panel.conditions

    def run(self) -> None:
        for condition in self.conditions.values():
            self._alone(condition)
        for key, fix in (
            ("currency", "Amounts in different currencies cannot be added up."),
            ("price_year", "Write price_year at the top of the panel, which then holds for all."),
            ("basis", "Only results per birth can be added up."),
        ):
            self._same(key, {n: c.own.model.about[key] for n, c in self.conditions.items()}, fix)
        written = {name: c.own.settings.as_written() for name, c in self.conditions.items()}
        for key in next(iter(written.values())):
            fix = f"Write `settings: {{{key}: ...}}` at the top of the panel, which then holds for all."
            self._same(key, {name: settings[key] for name, settings in written.items()}, fix)
        effect = self.panel.settings.effect
        units = {n: str(c.own.model.outcomes[effect].unit) for n, c in self.conditions.items()
                 if effect in c.own.model.outcomes}  # fmt: skip
        self._same(f"unit of the effect {effect}", units, "Effects in different units cannot be added up.")
        self._births()
        self._money()
        for name in self.panel.asked.shared_parameters:
            self._shared(name)
        self._tested()
        self._size()

    def _same(self, what: str, values: Mapping[str, Any], fix: str) -> None:
        groups: dict[str, list[str]] = {}
        for name, value in values.items():
            groups.setdefault("nothing" if value is None else str(value), []).append(name)
        if len(groups) > 1:
            told = "; ".join(f"{_listed(names)} {value}" for value, names in groups.items())
            self.problems.add(self.place("conditions"), f"{what} differs: {told}.", fix)

    def _alone(self, condition: PanelCondition) -> None:
        scenario, model = condition.own, condition.own.model
        place = self.place("conditions", condition.name, "config")
        if scenario.simulated:
            fix = "Name a config with engine: cohort."
            self.problems.add(place, "a panel adds up cohort models, and this one is simulated.", fix)
        if model.about["basis"] != "birth":
            found = f"results of {model.name} are per {model.about['basis']}, and a panel is per birth."
            self.problems.add(place, found, "Name a model whose basis is birth.")
        if joint := _joint(model, condition.test_cost):
            found = f"{condition.test_cost} is drawn jointly with {joint}, which the panel would cut."
            self.problems.add(self.place("conditions", condition.name, "test_cost"), found, "Draw it on its own.")

    def _births(self) -> None:
        births = self.panel.asked.births
        if births is not None:
            return
        values: dict[str, Any] = {}
        for name, condition in self.conditions.items():
            formula = condition.own.model.births
            if formula is None:
                values[name] = None
            elif isinstance(formula.node, Name):
                values[name] = _used(condition.own, formula.node.id)
            else:
                values[name] = formula.text
        self._same("births a year", values, "Write births in the panel, which then hold for all.")
        if self.panel.asked.shared_test.set_up is not None and None in values.values():
            place = self.place("shared_test", "set_up")
            self.problems.add(place, "set-up costs are spread over births, which nothing gives.", "Write births.")

    def _money(self) -> None:
        """Costs of the panel are amounts in the conditions' money and prices."""
        asked, rows = self.panel.asked, self.panel.parameters.rows
        about = self.panel.about
        costs = [asked.shared_test.cost, *(c.marginal_cost for c in self.conditions.values())]
        if asked.shared_test.set_up is not None:
            costs.append(asked.shared_test.set_up.cost)
        for name in dict.fromkeys(costs):
            row = rows[name]
            if row.unit != about["currency"]:
                found = f"{name} is in {row.unit}, the conditions count in {about['currency']}."
                self.problems.add(self.place("parameters", name, "unit"), found, "Write an amount in their currency.")
            if row.price_year != about["price_year"]:
                found = f"{name} is in prices of {row.price_year or 'no year'}, the results in {about['price_year']}."
                self.problems.add(self.place("parameters", name, "price_year"), found, "Bring it to that price year.")
        for condition in self.conditions.values():
            unit = condition.own.model.parameters.rows[condition.test_cost].unit
            if unit != about["currency"]:
                found = f"{condition.test_cost} is in {unit}, the marginal cost in {about['currency']}."
                place = self.place("conditions", condition.name, "test_cost")
                self.problems.add(place, found, "Give the model a test cost in its own currency.")

    def _shared(self, name: str) -> None:
        """A shared parameter is the same in every model that has it, or the panel has a row for it."""
        place, panel_row = self.place("shared_parameters"), self.panel.parameters.rows.get(name)
        have = {n: c for n, c in self.conditions.items() if name in c.own.model.parameters.rows}
        if not have:
            known = {p for c in self.conditions.values() for p in c.own.model.parameters.rows}
            self.problems.add(place, f"no condition has a parameter {name}.", nearest(name, known))
            return
        for condition in have.values():
            if name == condition.test_cost:
                found = f"{name} is the test cost of {condition.name}, which the panel replaces."
                self.problems.add(place, found, "Share another parameter.")
            if joint := _joint(condition.own.model, name):
                found = f"{name} of {condition.name} is drawn jointly with {joint}, which sharing it would cut."
                self.problems.add(place, found, "Leave it out, or draw it on its own.")
            if self.panel.asked.births is not None and _is_births(condition.own.model, name):
                self.problems.add(place, f"{name} is imposed by births of the panel.", "Leave it out here.")
        if panel_row is not None:
            units = {n: _unit(c.own.model.parameters.rows[name]) for n, c in have.items()}
            fix = f"Write the unit that {name} has in the models."
            self._same(f"unit of {name}", {"the panel": _unit(panel_row)} | units, fix)
            return
        told = {n: _row_text(c.own, c.own.model.parameters.rows[name]) for n, c in have.items()}
        fix = f"Give {name} a row in panel.parameters, which then holds for all, or leave it out."
        self._same(name, told, fix)

    def _tested(self) -> None:
        """Babies tested are one number for all conditions."""
        name = self.panel.asked.shared_test.tested
        rows = self.panel.parameters.rows
        if name in rows and name not in self.panel.asked.shared_parameters and rows[name].uncertain:
            found = f"{name} varies between draws, but the conditions do not share it."
            self.problems.add(self.place("shared_test", "tested"), found, "List it in shared_parameters too.")
        unit = self._unit(name)
        if unit is not None and unit not in ("probability", "share"):
            found = f"{name} is a {unit}, not the share of births that are tested."
            self.problems.add(self.place("shared_test", "tested"), found, "Name a probability or share.")
        if not self.panel.asked.shared_parameters or name not in self.panel.asked.shared_parameters:
            return
        without = [n for n, c in self.conditions.items() if name not in c.own.model.parameters.rows]
        drawn = self.panel.drawn().rows
        if without and name in drawn and drawn[name].uncertain:
            found = f"{name} varies between draws, but {_listed(without)} has no such parameter."
            self.problems.add(self.place("shared_test", "tested"), found, "Fix it, or add it to the model.")

    def _unit(self, name: str) -> str | None:
        rows = [self.panel.parameters.rows, *(c.own.model.parameters.rows for c in self.conditions.values())]
        return next((r[name].unit for r in rows if name in r), None)

    def _size(self) -> None:
        psa = self.panel.analyses.psa
        tables = [self.panel.drawn(), *(c.own.model.parameters for c in self.conditions.values())]
        if psa is not None and not any(row.uncertain for table in tables for row in table.rows.values()):
            found = "no parameter of the panel or its conditions has a distribution."
            self.problems.add(self.place("conditions"), found, "Add distributions, or leave psa out.")
        if psa is not None and psa.draws * len(self.conditions) > MOST_NUMBERS:
            megabytes = 16 * psa.draws * len(self.conditions) / 1e6
            found = f"{psa.draws:,} draws of {len(self.conditions)} conditions would take {megabytes:,.0f} MB."
            fix = f"At most {MOST_NUMBERS // len(self.conditions):,} draws fit."
            self.problems.add(self.place("conditions"), found, fix)


def _used(scenario: Scenario, name: str) -> Any:
    """Value in force of a parameter; the formula of a derived value."""
    row = scenario.model.parameters.rows.get(name)
    if name in scenario.overrides or row is not None:
        return scenario.overrides.get(name, row.value if row is not None else None)
    return scenario.model.derived[name].formula.text


def _row_text(scenario: Scenario, row: Parameter) -> str:
    """What must be the same in all models that share a parameter."""
    drawn = "" if row.name in scenario.overrides else "".join(row.distribution_text.split())
    price = f", {row.price_year} prices" if row.price_year else ""
    index = f", index {row.index}" if row.index else ""
    return f"{_used(scenario, row.name):.15g} {_unit(row)}, {drawn or 'fixed'}{price}{index}"


def _unit(row: Parameter) -> str:
    """Unit of a parameter; a share and a probability are held to the same range."""
    return "probability" if row.unit == "share" else row.unit


def _joint(model: Model, name: str) -> str:
    """Parameters with which one is drawn jointly; empty when it is drawn on its own."""
    for group in model.parameters.groups:
        if name in group.members:
            return _listed([m for m in group.members if m != name])
    pairs = [c for c in model.parameters.correlations if name in c.between]
    return _listed(sorted({m for c in pairs for m in c.between if m != name}))


def _is_births(model: Model, name: str) -> bool:
    return model.births is not None and isinstance(model.births.node, Name) and model.births.node.id == name


def _listed(names: list[str]) -> str:
    shown = names[:4] + ([f"{len(names) - 4} more"] if len(names) > 4 else [])
    return ", ".join(shown)
