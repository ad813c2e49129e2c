"""Load a model folder: read every file, check everything, report all problems at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from nbsmodel import reference as shipped
from nbsmodel.errors import InputError, Problem, Problems, nearest
from nbsmodel.formula.check import CALENDAR, NONE, TIME_IN_STATE
from nbsmodel.model.build_attributes import build_attributes, declare_attributes
from nbsmodel.model.build_cohort import CohortBuilder
from nbsmodel.model.build_correlations import build_correlations
from nbsmodel.model.build_tree import TREE, TreeBuilder
from nbsmodel.model.money import check_currencies
from nbsmodel.model.names import CLOCK, COUNT, CYCLE, DRAW, HANDED_OVER, HEALTH_SYSTEM, STRATEGY, NameBook
from nbsmodel.model.parameters import ParameterTable, read_parameters
from nbsmodel.model.parts import COST, LIFE_YEARS, QALY, Choice, Derived, Model, Outcome, Source, Strategy
from nbsmodel.model.prices import PriceBuilder, YearAt
from nbsmodel.model.schema import ModelSchema, Num, Strict, Text
from nbsmodel.model.screening_tree import expand_screening
from nbsmodel.model.tables import Table, read_table
from nbsmodel.model.units import meant_unit
from nbsmodel.model.validate import check_shape, problems_in
from nbsmodel.model.yamlfile import Document, read_yaml, shown

ABOUT = ("title", "condition", "decision_problem", "population", "perspective", "currency", "price_year", "basis")
_NUMBER: TypeAdapter[float] = TypeAdapter(Num)


class _SourceSchema(Strict):
    citation: Text
    url: Text = ""
    note: Text = ""


def load_model(folder: str | Path, price_year: str | None = None, place: str = "price_year") -> Model:
    """Load and check a model folder.

    Parameters
    ----------
    folder : str or Path
        Holds ``model.yaml``, ``parameters.csv``, ``sources.yaml`` and ``tables/``.
    price_year : str, optional
        Of the results; that of the model by default.
    place : str
        Where it stands, for messages.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        With every problem found.
    """
    folder = Path(folder)
    try:
        there = folder.is_dir()
    except OSError:  # a name that is too long, or may not be looked at
        there = False
    if not there:
        raise InputError([Problem(shown(folder), "there is no such model folder.", _models_near(folder))])
    if not (folder / "model.yaml").exists():
        fix = "A model folder holds model.yaml, parameters.csv and sources.yaml."
        raise InputError([Problem(shown(folder / "model.yaml"), "no such file.", fix)])
    return _Loader(folder).load(None if price_year is None else YearAt(" ".join(price_year.split()), place))


def _models_near(folder: Path) -> str:
    parent = folder.parent
    if not parent.is_dir():
        return ""
    return nearest(folder.name, [p.name for p in parent.iterdir() if (p / "model.yaml").is_file()])


def _shipped_sources(tables: Iterable[Table], known: Collection[str]) -> dict[str, Source]:
    """Sources of the shipped tables that a model uses; a model's own entry of that key stands."""
    keys = dict.fromkeys(key for table in tables for key in table.sources if key not in known)
    return {key: Source(key, s.citation, s.url, s.note) for key in keys for s in [shipped.sources()[key]]}


class _Loader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems = Problems()
        self.book = NameBook(self.problems)

    def load(self, asked: YearAt | None = None) -> Model:
        documents = self._read()
        document = documents["model.yaml"]
        sources = self._sources(documents["sources.yaml"])
        parameters = self._parameters(set(sources))
        document, programme = expand_screening(document, parameters, self.problems)
        schema = check_shape(document, ModelSchema, self.problems)
        if schema is None or not parameters.rows:  # otherwise the names are known: go on, to report all at once
            self.problems.raise_if_any()
        assert schema is not None
        self.place = document.place
        for name, row in parameters.rows.items():
            self.book.declare(name, "parameter", row.place, DRAW if row.uncertain else NONE)
        strategies = self._strategies(schema)
        choices, codes = self._choices(schema)
        tables = self._tables(schema)
        own = YearAt(" ".join(schema.price_year.split()), self.place("price_year"))
        prices = PriceBuilder(own, asked or own, parameters.rows, tables, schema.tables, self.problems)
        self.book.prices = prices.build()
        outcomes = self._outcomes(schema)
        self.book.perspectives = tuple(dict.fromkeys((HEALTH_SYSTEM, *schema.perspectives)))
        declare_attributes(schema, self.book, self.place)
        derived = self._derived(schema)
        attributes = build_attributes(schema, self.book, self.place)
        cohorts = {
            name: CohortBuilder(name, cohort, self.book, self.place, outcomes, self.problems).build()
            for name, cohort in schema.cohorts.items()
        }
        builder = TreeBuilder(self.book, self.place, outcomes, cohorts, schema.subtrees, self.problems)
        tree = builder.build(schema.tree)
        correlations = build_correlations(schema, parameters, self.book.kinds, sources, self.place, self.problems)
        births = None
        if schema.births_per_year is not None:
            births = self.book.parse(schema.births_per_year, self.place("births_per_year"))
            self.book.check(births, TREE)
        uprating = prices.finish(self.book.prices, self.book.used)
        self.problems.raise_if_any()
        shipped_tables = (*tables.values(), *uprating.tables)
        model = Model(
            folder=self.folder.resolve(),
            about={key: " ".join(str(getattr(schema, key)).split()) for key in ABOUT} | {"price_year": uprating.year},
            strategies=strategies,
            comparator=schema.comparator,
            choices=choices,
            option_codes=codes,
            parameters=replace(parameters, correlations=correlations),
            tables=tables,
            derived=derived,
            outcomes=outcomes,
            tree=tree,
            cohorts=cohorts,
            perspectives=self.book.perspectives,
            births=births,
            settings=schema.settings,
            settings_places={key: self.place("settings", key) for key in schema.settings},
            sources=sources | _shipped_sources(shipped_tables, sources),
            files=tuple(
                self.folder.resolve() / name for name in ("model.yaml", "parameters.csv", "sources.yaml")
            ) + tuple(dict.fromkeys(t.path for t in shipped_tables)),
            attributes=attributes,
            programme=programme,
            prices=uprating,
            used=frozenset(self.book.used),
        )  # fmt: skip
        check_currencies(model, self.place)
        return model

    def _read(self) -> dict[str, Document]:
        """Both YAML files; problems of either are reported together."""
        documents = {}
        for name in ("model.yaml", "sources.yaml"):
            try:
                documents[name] = read_yaml(self.folder / name)
            except InputError as error:
                self.problems.items += error.problems
        if self.problems.items:
            read = documents.get("sources.yaml")
            self._parameters(None if read is None else set(read.data))
        self.problems.raise_if_any()
        return documents

    def _sources(self, document: Document) -> dict[str, Source]:
        adapter = TypeAdapter(dict[str, _SourceSchema])
        try:
            found = adapter.validate_python(document.data)
        except ValidationError as error:
            self.problems.items += problems_in(error, document, dict[str, _SourceSchema])
            return {key: Source(key, "", "", "") for key in document.data}
        return {
            key: Source(key, " ".join(s.citation.split()), s.url, " ".join(s.note.split())) for key, s in found.items()
        }

    def _parameters(self, sources: set[str] | None) -> ParameterTable:
        try:
            found = Problems()
            table = read_parameters(self.folder / "parameters.csv", sources or set(), found)
            self.problems.items += found.items if sources is not None else []
            return table
        except InputError as error:
            self.problems.items += error.problems
            return ParameterTable({}, (), ())

    def _strategies(self, schema: ModelSchema) -> tuple[Strategy, ...]:
        levers = dict.fromkeys(k for keys in schema.strategies.values() for k in keys if k != "label")
        for lever in levers:
            self.book.declare(lever, "lever", self.place("strategies"), STRATEGY)
        found = []
        for name, keys in schema.strategies.items():
            values = {}
            for lever in levers:
                place = self.place("strategies", name, lever)
                if lever not in keys:
                    self.problems.add(place, f"the lever {lever} is missing, which other strategies give.", "Add it.")
                    continue
                try:
                    values[lever] = _NUMBER.validate_python(keys[lever])
                except ValidationError as error:
                    self.problems.add(place, f"{error.errors()[0]['msg'].removeprefix('Value error, ')}.")
            found.append(Strategy(name, str(keys.get("label", name.replace("_", " "))), values))
        if schema.comparator not in schema.strategies:
            fix = nearest(schema.comparator, schema.strategies)
            self.problems.add(self.place("comparator"), f"no strategy is named {schema.comparator}.", fix)
        return tuple(found)

    def _choices(self, schema: ModelSchema) -> tuple[dict[str, Choice], dict[str, float]]:
        codes: dict[str, float] = {}
        self.book.choices = {name: tuple(options) for name, options in schema.choices.items()}
        for name, options in schema.choices.items():
            place = self.place("choices", name)
            self.book.declare(name, "choice", place, NONE)
            if len(set(options)) < len(options):
                self.problems.add(place, "an option stands twice.", "Keep it once.")
            for option in options:
                if option not in codes:  # the same option may stand in several choices
                    codes[option] = float(len(codes) + 1)
                    self.book.declare(option, "choice option", place, NONE)
        return {name: Choice(name, tuple(options)) for name, options in schema.choices.items()}, codes

    def _tables(self, schema: ModelSchema) -> dict[str, Table]:
        tables: dict[str, Table] = {}
        for name, table in schema.tables.items():
            place = self.place("tables", name)
            self.book.declare(name, "table", place)
            try:
                tables[name] = read_table(name, table, self.folder, place)
                self.book.columns[name] = frozenset(tables[name].columns)
            except InputError as error:
                self.problems.items += error.problems
                self.book.columns[name] = frozenset()
        return tables

    def _outcomes(self, schema: ModelSchema) -> dict[str, Outcome]:
        outcomes = {
            COST: Outcome(COST, "Cost", schema.currency, "costs"),
            QALY: Outcome(QALY, "QALYs", "QALY", "outcomes"),
            LIFE_YEARS: Outcome(LIFE_YEARS, "Life-years", "years", "outcomes"),
        }
        for name, outcome in schema.outcomes.items():
            if name in outcomes:
                self.problems.add(self.place("outcomes", name), f"{name} exists already.", "Remove it.")
                continue
            outcomes[name] = Outcome(name, outcome.label, outcome.unit, outcome.discounted_as)
        return outcomes

    def _derived(self, schema: ModelSchema) -> dict[str, Derived]:
        formulas = {}
        for name, derived in schema.derived.items():
            place = self.place("derived", name)
            self.book.declare(name, "derived value", place)
            formula = self.book.parse(derived.value, place)
            if derived.unit and (meant := meant_unit(derived.unit)):
                place = self.place("derived", name, "unit")
                self.problems.add(place, f"found {derived.unit!r}.", f"Did you mean {meant}?")
            if formula is not None:
                formulas[name] = formula
            else:  # reported; what uses it is not to blame
                self.book.base[name] = NONE
        order = self.book.define(formulas, self._offered(schema))
        return {
            name: Derived(
                name, formulas[name], schema.derived[name].unit or "number", schema.derived[name].note or "",
                self.book.derived_axes[name],
            )
            for name in order
        }  # fmt: skip

    def _offered(self, schema: ModelSchema) -> dict[str, Any]:
        """Every name that some cohort offers to formulas."""
        offered: dict[str, Any] = dict(self.book.attributes)
        for name, cohort in schema.cohorts.items():
            for clock in cohort.clocks:
                self._declare_once(clock, "clock", self.place("cohorts", name, "clocks", clock))
                offered[clock] = CLOCK
            for count in cohort.counts:
                self._declare_once(count, "count", self.place("cohorts", name, "counts", count))
                offered[count] = COUNT
            for received in cohort.receives:
                self._declare_once(received, "received name", self.place("cohorts", name, "receives"))
                offered[received] = HANDED_OVER
        return offered | dict.fromkeys(CALENDAR, CYCLE) | {TIME_IN_STATE: CLOCK}

    def _declare_once(self, name: str, kind: str, place: str) -> None:
        if self.book.kinds.get(name) != kind:  # two cohorts may have a clock or a count of the same name
            self.book.declare(name, kind, place)
