"""Inputs that are broken in one way each, with the place and the words that the message must have."""

from __future__ import annotations

from dataclasses import dataclass, field

from helpers import FILES

MODEL, PARAMETERS, BASE = "model/model.yaml", "model/parameters.csv", "configs/base.yaml"


@dataclass(frozen=True)
class Broken:
    """One broken input.

    Parameters
    ----------
    name : str
        What is wrong, as the test is called.
    edits : tuple of (file, old text, new text)
        The old text stands in the file exactly once.
    at : str
        Text whose line is the place of the message, or a place as a whole when it holds no line.
    says : tuple of str
        What the message must hold besides.
    file : str
        The file of the place; the first edit's unless given.
    whole : dict of str to str or bytes or None
        Files replaced as a whole, made a folder (None) or, with "-", removed.
    sets : tuple of str
        Changes given on the command line.
    """

    name: str
    edits: tuple[tuple[str, str, str], ...] = ()
    at: str = ""
    says: tuple[str, ...] = ()
    file: str = ""
    whole: dict[str, str | bytes | None] = field(default_factory=dict)
    sets: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """``file:line`` of the message, worked out from where `at` stands after the edits."""
        file = self.file or (self.edits[0][0] if self.edits else "")
        text = FILES[file] if file in FILES else ""
        for name, old, new in self.edits:
            if name == file:
                text = text.replace(old, new)
        if self.at not in text:
            return self.at
        assert text.count(self.at) == 1, f"{self.name}: {self.at!r} stands {text.count(self.at)} times"
        return f"{file}:{text[: text.index(self.at)].count(chr(10)) + 1}"


def model(name: str, old: str, new: str, at: str | None, *says: str) -> Broken:
    """One edit of model.yaml; the place is where the new text begins unless `at` is given."""
    return Broken(name, ((MODEL, old, new),), new if at is None else at, says)


def parameter(name: str, old: str, new: str, *says: str) -> Broken:
    """One edit of a row of parameters.csv."""
    return Broken(name, ((PARAMETERS, old, new),), new, says)


def config(name: str, old: str, new: str, *says: str) -> Broken:
    """One edit of the config."""
    return Broken(name, ((BASE, old, new),), new, says)


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\ntitle: *c\n"
CYCLES = """cycles:
      - {length: 1 month, count: 12}
      - {length: 1 year, until: 10 years}"""
TWO = "then:\n      ill_too: {{p: {}, class: true_negative}}\n      well: {{p: {}, class: true_negative}}"
JUNK = bytes(range(128, 256)) * 4
QX = "model/tables/qx.csv"

CASES = (
    # --- names
    model("misspelt parameter", "h_ill * (", "h_il * (", None, "derived.h_worse", "named h_il", "Did you mean h_ill?"),
    model(
        "misspelt key of a branch",
        "case: true",
        "csae: true",
        None,
        "tree.affected.csae",
        "unknown key csae",
        "Did you mean case?",
    ),
    model(
        "misspelt key of a payoff",
        "component: care",
        "componnt: care",
        None,
        "cohorts.course.payoffs[2]",
        "Did you mean component?",
    ),
    model(
        "misspelt key at the top",
        "currency: GBP",
        "curency: GBP",
        None,
        "unknown key curency",
        "Did you mean currency?",
    ),
    model(
        "misspelt state in a transition",
        "crisis: {hazard: h_crisis",
        "crises: {hazard: h_crisis",
        None,
        "course has no state crises",
        "Did you mean crisis?",
    ),
    model(
        "misspelt state in a start",
        "ill: p_late",
        "il: p_late",
        None,
        "start.il",
        "course has no state il",
        "Did you mean ill?",
    ),
    model(
        "misspelt state in a payoff",
        "in: [ill, crisis], out",
        "in: [ill, crysis], out",
        None,
        "no state crysis",
        "Did you mean crisis?",
    ),
    model(
        "clock over an unknown state",
        "runs_in: [ill, crisis]",
        "runs_in: [ill, kritis]",
        None,
        "clocks.sick",
        "no state kritis",
    ),
    model(
        "state nobody can name",
        "states: {well: {}",
        "states: {alive: {}, well: {}",
        None,
        "states.alive",
        "cannot be named alive",
    ),
    model("reserved name of a derived value", "p_found: screened", "age: screened", None, "age is reserved"),
    model("clock with a reserved name", "sick: {runs_in", "age: {runs_in", None, "clocks.age", "age is reserved"),
    model(
        "one name for two things",
        "p_found: screened",
        "p_uptake: screened",
        None,
        "p_uptake is a derived value here and a parameter at model/parameters.csv:4",
    ),
    model(
        "unknown outcome",
        "entering: crisis, outcome: admission",
        "entering: crisis, outcome: admision",
        None,
        "no outcome is named admision",
        "Did you mean admission?",
    ),
    model(
        "unknown comparator",
        "comparator: usual",
        "comparator: usaul",
        None,
        "no strategy is named usaul",
        "Did you mean usual?",
    ),
    model(
        "unknown cohort",
        "cohort: course\n",
        "cohort: curse\n",
        None,
        "no cohort is named curse",
        "Did you mean course?",
    ),
    model("unknown subtree", "then: tested", "then: testd", None, "no subtree is named testd", "Did you mean tested?"),
    model(
        "missing lever",
        "usual: {label: No screening, screened: 0}",
        "usual: {label: No screening}",
        None,
        "lever screened is missing",
        "Add it",
    ),
    model(
        "name handed over that nobody receives",
        "with: {treated: 1}",
        "with: {treated: 1, dose: 2}",
        None,
        "course does not receive dose",
        "Allowed: treated",
    ),
    model(
        "name received that nobody hands over",
        "p_late}\n        with: {treated: 1}\n",
        "p_late}\n",
        "found:\n        p: p_found",
        "treated is missing",
        "Add treated",
    ),
    model("leaf without a class", "class: false_negative, ", "", "missed: {", "affected > missed has no `class`"),
    # --- formulas
    model(
        "formula with an attribute",
        "p_found: screened * p_uptake",
        "p_found: screened.real * p_uptake",
        None,
        "derived.p_found",
        "attribute",
    ),
    model(
        "unknown function",
        "p_found: screened *",
        "p_found: square(screened) *",
        None,
        "no function or table square()",
        "Did you mean sqrt?",
    ),
    model(
        "wrong number of arguments",
        "h_crisis * exp(-0.1 * sick)",
        '"exp(-0.1, sick)"',
        None,
        "exp() is given 2 arguments",
        "Use exp(x)",
    ),
    model(
        "look-up with two keys",
        "dead: {hazard: qx(age)}",
        'dead: {hazard: "qx(age, 1)"}',
        None,
        "table qx is given 2 keys",
        "qx(x)",
    ),
    model(
        "unknown column in a look-up",
        'weight(age, "female")',
        'weight(age, "femal")',
        None,
        "weight has no column femal",
        "Did you mean female?",
    ),
    model(
        "column left out",
        'weight(age, "female")',
        "weight(age)",
        None,
        "weight has several columns",
        'weight(x, "female")',
    ),
    model(
        "cyclic derived values",
        "p_found: screened *",
        "p_found: p_other\n  p_other: p_found *",
        "p_found: p_other",
        "p_found needs p_other needs p_found",
        "Break the circle",
    ),
    model("age in the tree", "p: p_found", "p: p_found * exp(-age)", None, "the tree does not have age"),
    model(
        "derived value that needs age in the tree",
        "p: p_found",
        "p: p_found * u_now",
        None,
        "u_now needs age, which the tree does not have",
    ),
    model(
        "comma in a formula without quotes",
        '"max(0, u_well - 0.01 * age)"',
        "max(0, u_well)",
        None,
        "must stand in quotes",
    ),
    model(
        "rest as the value of a payoff",
        "value: c_confirm",
        "value: rest",
        None,
        "payoffs[1].value",
        "`rest` cannot stand here",
    ),
    model(
        "comment in a formula",
        "p_found: screened * p_uptake",
        "p_found: 'screened # of the region' #",
        None,
        "# is not allowed",
    ),
    # --- probabilities, hazards, numbers
    model(
        "two branches with rest",
        "p: p_found\n",
        "p: rest\n",
        "then:\n      found:",
        "tree.affected.then",
        "2 branches have `p: rest` (found, missed)",
    ),
    model(
        "branches that add up to 1.1",
        "then: tested",
        TWO.format(0.7, 0.4),
        "ill_too: {p: 0.7",
        "ill_too, well add up to 1.1",
        "They must add up to 1",
    ),
    model(
        "branches that add up to 0.9 without rest",
        "then: tested",
        TWO.format(0.5, 0.4),
        "ill_too: {p: 0.5",
        "ill_too, well add up to 0.9",
        "give one of them `rest`",
    ),
    model(
        "probability of 1.2 in the tree",
        "p: p_found",
        "p: p_found + 1.2",
        None,
        "tree.affected.then.found.p",
        "the probability of branch found is 1.2",
        "strategy usual",
        "between 0 and 1",
    ),
    model("start mix above 1", "ill: p_late}", "ill: p_late + 1}", None, "start state ill is 1.1", "between 0 and 1"),
    model(
        "negative hazard",
        "ill: {hazard: h_worse}",
        "ill: {hazard: 0 - h_worse}",
        None,
        "the hazard from well to ill is -0.15",
        "at least 0",
    ),
    model(
        "probability of 1.2 in a cohort",
        "dead: {probability: p_death_crisis, per: year}",
        "dead: {probability: p_death_crisis + 0.9, per: year}",
        None,
        "the probability from crisis to dead is 1.2",
        "cycle 1 (age 0.0833333)",
        "between 0 and 1",
    ),
    model(
        "probabilities out of a state above 1",
        "crisis:\n        dead: {probability: p_death_crisis, per: year}",
        "crisis:\n        dead: {probability: 0.7, per: cycle}\n        well: {probability: 0.6, per: cycle}",
        "dead: {probability: 0.7",
        "transitions.crisis",
        "the probabilities out of crisis add up to 1.3",
        "at most",
    ),
    Broken(
        "two targets with rest",
        ((MODEL, "ill: {hazard: h_worse}", "ill: rest"), (MODEL, "dead: {hazard: qx(age)}", "dead: rest")),
        "well:\n        ill: rest",
        ("2 targets have `rest` (ill, dead)",),
    ),
    model(
        "way out of a dead state",
        "crisis:\n        dead:",
        "dead:\n        ill: {probability: 0.1, per: year}\n      crisis:\n        dead:",
        "dead:\n        ill:",
        "dead is dead: nobody leaves it",
    ),
    model(
        "lever in quotes",
        "screening: {label: Screening, screened: 1}",
        "screening: {label: Screening, screened: '1'}",
        None,
        "strategies.screening.screened",
        "found '1'",
        "it stands in quotes: remove them",
    ),
    model(
        "lever that is no number",
        "screening: {label: Screening, screened: 1}",
        "screening: {label: Screening, screened: yes}",
        None,
        "a number is needed, found 'yes'",
    ),
    model("payoff before birth", "at: 1/12", "at: 0 - 1", None, "the time of a payoff is -1", "at least 0"),
    model(
        "utility above 1",
        'value: "max(0, u_well - 0.01 * age)"',
        "value: u_well + 0.5",
        None,
        "u_now is 1.4, which is no utility",
        "between -1 and 1",
    ),
    # --- time
    model(
        "zero-length cycle",
        "length: 1 month",
        "length: 0 months",
        None,
        "cycles[1].length",
        "longer than zero, found '0 months'",
    ),
    model("length without a unit", "length: 1 month", "length: 1", "length: 1,", "1 is no length of time", "6 months"),
    model(
        "until inside a cycle",
        "until: 10 years",
        "until: 10.5 years",
        None,
        "9.5 years cannot be divided into cycles of 1 year.",
        "Change `until`",
    ),
    model(
        "horizon inside a cycle",
        "horizon: 8 years",
        "horizon: 8.4 years",
        None,
        "settings.horizon",
        "8.4 years falls inside a cycle of the cohort course",
        "The nearest cycle ends at 8 years",
    ),
    model(
        "probability a cycle, cycles of two lengths",
        "dead: {probability: p_death_crisis, per: year}",
        "dead: {probability: p_death_crisis}",
        None,
        "while cycles differ in length",
        "per: year",
    ),
    Broken(
        "too much memory",
        (
            (MODEL, CYCLES, "cycles: {length: 1 month, count: 1200}"),
            (MODEL, "horizon: 8 years", "effect: qaly"),
            (MODEL, "exp(-0.1 * sick)", "exp(-0.1 * sick * alive_for * time_in_state)"),
            (MODEL, "      sick: {runs_in", "      alive_for: {runs_in: [well, ill, crisis]}\n      sick: {runs_in"),
        ),
        "course:\n    start_age",
        (
            "a single draw would need about",
            " MB",
            "1,200 cycles",
            "ill remembers time_in_state and alive_for and sick",
            "Use longer cycles",
        ),
        MODEL,
    ),
    # --- tables
    model(
        "unknown column of a table",
        "by: age, between",
        "by: agee, between",
        None,
        "tables.weight.by",
        "no column agee",
        "Did you mean age?",
    ),
    model(
        "table outside the folder",
        "file: tables/qx.csv",
        "file: ../qx.csv",
        None,
        "tables.qx.file",
        "outside the model folder",
        "copy the table into it",
    ),
    model(
        "table that is not there",
        "file: tables/qx.csv",
        "file: tables/qxx.csv",
        "model/tables/qxx.csv: ",
        "no such file",
        "Did you mean qx.csv?",
    ),
    model(
        "folder in place of a table",
        "file: tables/qx.csv",
        "file: tables",
        "model/tables: ",
        "this is a folder, a file is needed",
    ),
    Broken(
        "age beyond a table",
        ((QX, "7,0.0017\n8,0.0018\n9,0.0019\n", ""),),
        "dead: {hazard: qx(age)}",
        ("qx has age 0 to 6", "age is 7", "beyond: last"),
        MODEL,
    ),
    Broken("NaN in a table", ((QX, "3,0.0013", "3,nan"),), "3,nan", ("qx: found 'nan'", "finite number")),
    Broken("keys that do not rise", ((QX, "3,0.0013", "2,0.0013"),), "2,0.0013", ("2 after 2", "must rise")),
    Broken(
        "table of one column", whole={QX: "age\n1\n2\n"}, at="qx: {file", file=MODEL, says=("no column beside age",)
    ),
    # --- parameters
    parameter(
        "NaN in the parameters",
        "Uptake,0.95",
        "Uptake,nan",
        "p_uptake value",
        "'nan' uses the name nan",
        "finite number",
    ),
    parameter(
        "probability of 1.2 in the parameters",
        "Uptake,0.95",
        "Uptake,1.2",
        "p_uptake value",
        "1.2 is no probability",
        "between 0 and 1",
    ),
    parameter("negative rate", "Hazard of a crisis,0.2", "Hazard of a crisis,-0.2", "-0.2 is no rate", "at least 0"),
    parameter("no value and no distribution", "Uptake,0.95", "Uptake,", "p_uptake value", "the value is missing"),
    parameter(
        "missing source",
        "Utility,0.9,utility,,smith",
        "Utility,0.9,utility,,",
        "u_well source",
        "the source is missing",
        "sources.yaml",
    ),
    parameter(
        "source that is not in sources.yaml",
        "Utility,0.9,utility,,smith",
        "Utility,0.9,utility,,smyth",
        "u_well source",
        "smyth is not in sources.yaml",
        "Did you mean smith?",
    ),
    parameter(
        "unknown status",
        "c_death,End of life,4000,GBP,,smith,placeholder",
        "c_death,End of life,4000,GBP,,smith,guess",
        "c_death status",
        "found 'guess'",
        "Allowed: published",
    ),
    parameter(
        "unknown distribution",
        '"gamma(mean=0.5, se=0.1)"',
        '"gama(mean=0.5, se=0.1)"',
        "h_ill distribution",
        "unknown distribution gama",
        "Did you mean gamma?",
    ),
    parameter(
        "unknown argument of a distribution",
        '"gamma(mean=0.5, se=0.1)"',
        '"gamma(mean=0.5, sd=0.1)"',
        "h_ill distribution",
        "unknown argument sd",
        "(mean, se)",
    ),
    parameter(
        "Dirichlet of a negative count",
        "dirichlet(group=timing, count=9)",
        "dirichlet(group=timing, count=-9)",
        "p_early distribution",
        "count must be above 0 (found -9)",
    ),
    parameter(
        "Dirichlet of one",
        "dirichlet(group=timing, count=9)",
        "dirichlet(group=other, count=9)",
        "group other",
        "at least two members",
    ),
    parameter(
        "row with a missing cell",
        "u_well,Utility,0.9,utility,,smith,published,,",
        "u_well,Utility,0.9,utility,,smith,published,",
        "8 cells where the header has 9",
        "Add the missing commas",
    ),
    parameter(
        "comma in a cell without quotes",
        "c_ill,Care,",
        "c_ill,Care, at home,",
        "10 cells where the header has 9",
        "double quotes",
    ),
    parameter(
        "duplicate parameter",
        "c_ill,Care",
        "c_drug,Care",
        "c_drug name",
        "stands already at model/parameters.csv:16 c_drug",
        "Keep one",
    ),
    parameter(
        "unit with a slip",
        "Utility,0.9,utility",
        "Utility,0.9,utilty",
        "u_well unit",
        "found 'utilty'",
        "Did you mean utility?",
    ),
    parameter(
        "unknown column",
        "name,label,value,unit,distribution",
        "name,label,value,unit,distribtion",
        "unknown column distribtion",
        "Did you mean distribution?",
    ),
    parameter("missing column", "value,unit,distribution", "amount,unit,distribution", "the column value is missing"),
    parameter("name that is a word of the language", "u_well,", "lambda,", "the name lambda is reserved"),
    parameter("name with a space", "c_drug,", "c drug,", "'c drug' is no valid name", "underscores"),
    # --- files
    model(
        "duplicate key",
        "condition: Example disease",
        "title: Once more",
        None,
        " title: ",
        "stands already on line 1",
        "Keep one",
    ),
    model(
        "tab in the indentation", "  qx: {file", "\tqx: {file", None, "not valid YAML", "spaces; tabs are not allowed"
    ),
    model(
        "quote that is not closed",
        "price_year: 2024/25",
        "price_year: '2024/25",
        "model/model.yaml:75: ",
        "not valid YAML",
        "unexpected end of stream (in what begins on line 7)",
    ),
    model(
        "tag", "perspective: Health service", "perspective: !!python/object:os.system ls", None, "tag", "not allowed"
    ),
    Broken("anchors that explode", whole={MODEL: BOMB}, at="model/model.yaml:1: ", says=("anchors and aliases",)),
    Broken(
        "binary junk for model.yaml",
        whole={MODEL: JUNK},
        at="model/model.yaml:1: ",
        says=("not UTF-8 text (byte 0x80)", "Save the file as UTF-8"),
    ),
    Broken(
        "binary junk for parameters.csv",
        whole={PARAMETERS: JUNK},
        at="model/parameters.csv:1: ",
        says=("not UTF-8 text",),
    ),
    Broken("zero bytes in a table", whole={QX: b"age,qx\n0,\0\n"}, at="model/tables/qx.csv: ", says=("zero bytes",)),
    Broken(
        "no model.yaml",
        whole={MODEL: "-"},
        at="model/model.yaml: ",
        says=("no such file", "A model folder holds model.yaml, parameters.csv and sources.yaml"),
    ),
    Broken("no parameters.csv", whole={PARAMETERS: "-"}, at="model/parameters.csv: ", says=("no such file",)),
    Broken(
        "no sources.yaml",
        whole={"model/sources.yaml": "-"},
        at="model/sources.yaml: ",
        says=("no such file", "model.yaml"),
    ),
    Broken(
        "folder in place of a file", whole={PARAMETERS: None}, at="model/parameters.csv: ", says=("this is a folder",)
    ),
    Broken("empty file", whole={MODEL: ""}, at="model/model.yaml: ", says=("the file is empty",)),
    Broken("list in place of a model", whole={MODEL: "- title\n"}, at="model/model.yaml: ", says=("key: value",)),
    Broken(
        "source without a citation",
        (("model/sources.yaml", 'citation: "Smith 2020", ', ""),),
        "smith: {url",
        ("the key citation is missing", "Add it"),
    ),
    # --- config
    config(
        "override of an unknown parameter",
        "p_uptake: 0.99",
        "p_uptke: 0.99",
        "overrides.p_uptke",
        "no such parameter in model.",
        "Did you mean p_uptake?",
    ),
    config(
        "override outside the range of its unit",
        "p_uptake: 0.99",
        "p_uptake: 1.2",
        "overrides.p_uptake",
        "1.2 is no probability",
        "between 0 and 1",
    ),
    config(
        "override in quotes",
        "p_uptake: 0.99",
        'h_ill: "1e-5"',
        "overrides.h_ill",
        "found '1e-5'",
        "it stands in quotes: remove them",
    ),
    config("override by a formula", "p_uptake: 0.99", "p_uptake: 1 - 0.01", "overrides.p_uptake", "a number is needed"),
    config(
        "unknown choice",
        "choices: {outlook: observed}",
        "choices: {outlok: observed}",
        "choices.outlok",
        "no such choice in model.",
        "Did you mean outlook?",
    ),
    config(
        "unknown option",
        "choices: {outlook: observed}",
        "choices: {outlook: cautius}",
        "choices.outlook",
        "outlook has no option cautius",
        "Did you mean cautious?",
    ),
    config(
        "unknown setting",
        "thresholds: [20000, 30000]",
        "treshold: [20000, 30000]",
        "settings.treshold",
        "unknown key treshold",
        "Did you mean thresholds?",
    ),
    config("threshold of zero", "[20000, 30000]", "[20000, 0]", "settings.thresholds[2]", "found 0", "above 0"),
    config(
        "threshold as text",
        "[20000, 30000]",
        "[20000, '30000']",
        "settings.thresholds[2]",
        "found '30000'",
        "remove them",
    ),
    config(
        "discount rate in quotes",
        "thresholds: [20000, 30000]",
        'discount_rate_costs: "1e-5"',
        "settings.discount_rate_costs",
        "found '1e-5'",
        "remove them",
    ),
    config(
        "discount rate in per cent",
        "thresholds: [20000, 30000]",
        "discount_rate_costs: 3.5",
        "settings.discount_rate_costs",
        "found 3.5",
        "at most 1",
    ),
    config(
        "unknown correction",
        "thresholds: [20000, 30000]",
        "within_cycle_correction: half-cycle",
        "settings.within_cycle_correction",
        "'half-cycle'",
        "half_cycle",
    ),
    config(
        "correction of an unknown outcome",
        "thresholds: [20000, 30000]",
        "within_cycle_correction: {default: end, qalys: start}",
        "settings.within_cycle_correction",
        "no outcome is named qalys",
        "Did you mean qaly?",
    ),
    config(
        "effect that is no outcome",
        "thresholds: [20000, 30000]",
        "effect: qualy",
        "settings.effect",
        "no outcome is named qualy",
        "Did you mean qaly?",
    ),
    config(
        "horizon of another kind",
        "thresholds: [20000, 30000]",
        "horizon: 3 decades",
        "settings.horizon",
        "'3 decades' is no length of time",
    ),
    Broken(
        "simpson on an odd number of cycles",
        (
            (BASE, "thresholds: [20000, 30000]", "within_cycle_correction: simpson"),
            (MODEL, CYCLES, "cycles: {length: 1 year, count: 9}"),
            (MODEL, "horizon: 8 years", "effect: qaly"),
        ),
        "within_cycle_correction: simpson",
        ("simpson needs an even number of cycles, found 9", "half_cycle or life_table"),
    ),
    config(
        "extends itself",
        "extends: reference.yaml",
        "extends: base.yaml",
        "extends",
        "configs/base.yaml extends configs/base.yaml",
        "Break the circle",
    ),
    config(
        "extends what is not there",
        "extends: reference.yaml",
        "extends: refrence.yaml",
        "configs/refrence.yaml",
        "no such file",
        "Did you mean reference.yaml?",
    ),
    config(
        "reference case that is not there",
        "reference_case: reference.yaml",
        "reference_case: reference.yml",
        "reference_case",
        "configs/reference.yml",
        "no such file",
        "Did you mean reference.yaml?",
    ),
    Broken(
        "config without a model",
        ((BASE, "model: ../model\n", ""),),
        "configs/base.yaml: ",
        ("the key model is missing",),
    ),
    config(
        "model that is not there",
        "model: ../model",
        "model: ../modle",
        " model: ",
        "modle",
        "no such model folder",
        "Did you mean model?",
    ),
    Broken(
        "model with an empty value",
        ((BASE, "model: ../model", "model:"),),
        "configs/base.yaml: ",
        ("the key model is missing",),
    ),
    config(
        "microsimulation",
        "title: Base case",
        "engine: microsimulation",
        "engine",
        "the engine microsimulation is not there yet",
        "Use cohort",
    ),
    config("unknown engine", "title: Base case", "engine: markov", "engine", "found 'markov'", "Allowed: cohort"),
    config("misspelt key of a config", "overrides:", "overides:", "unknown key overides", "Did you mean overrides?"),
    config(
        "choices as a list",
        "choices: {outlook: observed}",
        "choices: [outlook]",
        "choices",
        "`key: value`",
        "found ['outlook']",
    ),
    config("negative seed", "title: Base case", "seed: -1", "seed", "found -1", "at least 0"),
    Broken("binary junk for the config", whole={BASE: JUNK}, at="configs/base.yaml:1: ", says=("not UTF-8 text",)),
    # --- command line
    Broken(
        "--set of an unknown parameter",
        sets=("overrides.p_uptke=0.9",),
        at="--set overrides.p_uptke=0.9: ",
        says=("no such parameter", "Did you mean p_uptake?"),
    ),
    Broken(
        "--set outside the range",
        sets=("overrides.p_uptake=-1",),
        at="--set overrides.p_uptake=-1: ",
        says=("-1 is no probability",),
    ),
    Broken(
        "--set of an unknown key",
        sets=("setings.horizon=5 years",),
        at="--set setings.horizon=5 years: ",
        says=("unknown key setings", "Did you mean settings?"),
    ),
    Broken(
        "--set without a value",
        sets=("settings.horizon",),
        at="--set settings.horizon: ",
        says=("key=value", "For example"),
    ),
    Broken("--set of half a key", sets=("settings.=1",), at="--set settings.=1: ", says=("key=value",)),
    Broken(
        "--set of text for a number",
        sets=("overrides.p_uptake=high",),
        at="--set overrides.p_uptake=high: ",
        says=("a number is needed, found 'high'",),
    ),
    Broken(
        "--set of what a config extends",
        sets=("extends=x.yaml",),
        at="--set extends=x.yaml: ",
        says=("cannot be set here",),
    ),
)
