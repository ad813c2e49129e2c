"""Analyses of the value of information that a config asks for and that cannot be made."""

from broken import MODEL, PARAMETERS, Broken
from broken_analyses import analyses
from broken_points import overridden

PSA = "psa: {draws: 600}\n"


def evppi(name: str, block: str, *says: str) -> Broken:
    """A block `evppi` beside draws."""
    return analyses(f"EVPPI: {name}", f"{PSA}evppi: {block}", "evppi:", *says)


def evsi(name: str, *says: str, **changes: str) -> Broken:
    """A block `evsi` that is in order but for the changes; an empty text leaves a key out."""
    keys = {
        "data": "{cases: {informs: p_birth, kind: counts, of: babies}}",
        "designs": "{babies: [100000, 500000], years: 1.5}",
        "cost": "10000 + babies",
    }
    text = "".join(f"  {key}: {value}\n" for key, value in (keys | changes).items() if value)
    return analyses(f"EVSI: {name}", f"{PSA}evsi:\n{text}", "evsi:", *says)


def given(name: str, data: str, *says: str) -> Broken:
    """Data of a study that make no sense."""
    return evsi(name, *says, data=f"{{item: {data}}}")


CASES = (
    # --- EVPPI
    evppi(
        "no distribution", "{parameters: [c_drug]}", "evppi.parameters: c_drug has no distribution", "parameters.csv"
    ),
    evppi("unknown parameter", "{parameters: [h_il]}", "no uncertain parameter is named h_il", "Did you mean h_ill?"),
    evppi(
        "a derived value", "{parameters: [h_worse]}", "h_worse is a derived value", "the parameters that it is made of"
    ),
    evppi("parameters as a word", "{parameters: h_ill}", "write `all` or a list of parameters, found 'h_ill'"),
    evppi("no parameters", "{parameters: []}", "at least 1 entry is needed"),
    evppi("an empty group", "{groups: {illness: []}}", "groups.illness", "at least 1 entry is needed"),
    evppi("unknown name in a group", "{groups: {illness: [h_ill, hr_treatd]}}", "groups.illness", "hr_treated"),
    evppi(
        "a group named as a parameter", "{groups: {h_ill: [hr_treated]}}", "groups.h_ill", "is the name of a parameter"
    ),
    evppi("a group named as a Dirichlet group", "{groups: {timing: [h_ill]}}", "timing is the name", "Choose another"),
    evppi("a group named all", "{groups: {all: [h_ill]}}", "groups.all", "Choose another"),
    evppi("a threshold twice", "{thresholds: [20000, 20000]}", "a threshold stands twice"),
    evppi("a threshold of zero", "{thresholds: [0]}", "found 0", "at least 0.001"),
    evppi("check of an unknown set", "{check: {sets: [h_il]}}", "check.sets", "Did you mean h_ill?"),
    evppi(
        "check of an unknown set beside groups",
        "{groups: {illness: [h_ill]}, check: {sets: [ilness]}}",
        "check.sets: no uncertain parameter is named ilness.",
        "Did you mean illness?",
    ),
    evppi(
        "check of a parameter that is not looked at",
        "{parameters: [h_ill], check: {sets: [hr_treated]}}",
        "check.sets: hr_treated is not among the sets looked at.",
    ),
    evppi("check without sets", "{check: {outer: 200}}", "the key sets is missing"),
    evppi("odd number of inner draws", "{check: {sets: [h_ill], inner: 25}}", "inner is even", "found 25"),
    evppi("too many nested draws", "{check: {sets: [h_ill], outer: 100000, inner: 1000}}", "too many", "10,000,000"),
    evppi("too few outer draws", "{check: {sets: [h_ill], outer: 10}}", "found 10", "at least 100"),
    analyses(
        "EVPPI: too few draws",
        "psa: {draws: 80}\nevppi: {parameters: [h_ill]}",
        "evppi:",
        "80 draws are too few for Hazard of illness; at least 100 are needed.",
        "Ask for more `draws`",
    ),
    analyses(
        "EVPPI: too few draws for a group",
        "psa: {draws: 180}\nevppi: {groups: {most: [h_ill, hr_treated, timing, p_birth]}}",
        "evppi:",
        "180 draws are too few for Most; at least 200 are needed.",
    ),
    analyses(
        "EVPPI: nested simulation with structural alternatives",
        "psa:\n  draws: 600\n  alternatives: {a: {weight: 1}, b: {weight: 1, choices: {outlook: cautious}}}\n"
        "evppi: {check: {sets: [h_ill]}}",
        "evppi:",
        "structural alternatives are not drawn anew",
    ),
    Broken(
        "EVPPI: nested simulation of a set that cuts through a correlation",
        (
            *evppi("", "{check: {sets: [h_ill]}}").edits,
            (
                MODEL,
                "comparator: usual\n",
                "comparator: usual\ncorrelations: [{between: [h_ill, hr_treated], rank: 0.5, source: smith}]\n",
            ),
        ),
        "evppi:",
        ("h_ill holds h_ill but not hr_treated, with which it is correlated", "Add it to the set"),
    ),
    overridden(
        "EVPPI: overridden parameter",
        "{h_ill: 0.4}",
        f"{PSA}evppi: {{parameters: [h_ill]}}",
        "evppi:",
        "h_ill is overridden by a number in this scenario",
    ),
    Broken(
        "EVPPI: a single strategy",
        (*evppi("", "true").edits, (MODEL, "  screening: {label: Screening, screened: 1}\n", "")),
        "evppi:",
        ("the model has one strategy, so there is no decision that information could change",),
    ),
    # --- EVSI
    evsi("no data", "the key data is missing", data=""),
    evsi("no designs", "the key designs is missing", designs=""),
    evsi("an unknown key", "unknown key meantime", "Did you mean meanwhile?", meantime="{screening: 1}"),
    given("no distribution", "{informs: c_drug, kind: mean, of: 10, sd: 3}", "c_drug has no distribution"),
    given(
        "unknown parameter", "{informs: p_brth, kind: counts, of: babies}", "data.item.informs", "Did you mean p_birth?"
    ),
    given("counts of what is no probability", "{informs: h_ill, kind: counts, of: 10}", "h_ill is in rate", "events"),
    given(
        "events of a probability", "{informs: p_birth, kind: events, over: 10}", "p_birth is a probability", "counts"
    ),
    given("a mean of a group", "{informs: timing, kind: mean, of: 10, sd: 1}", "timing is a group", "p_late, p_early"),
    given("a mean without its spread", "{informs: h_ill, kind: mean, of: 10}", "`sd` is missing", "of and sd"),
    given("counts with a time", "{informs: p_birth, kind: counts, of: 10, over: 3}", "`over` is of no use"),
    given("an unknown kind", "{informs: p_birth, kind: count, of: 10}", "Did you mean counts?"),
    given(
        "an unknown number in a size",
        "{informs: p_birth, kind: counts, of: babys}",
        "data.item.of",
        "Did you mean babies?",
    ),
    given("a size that is no formula", "{informs: p_birth, kind: counts, of: 'babies +'}", "cannot read the formula"),
    given("a size of none", "{informs: p_birth, kind: counts, of: 0.2}", "it is 0 in study_1", "At least one"),
    given("a spread of zero", "{informs: h_ill, kind: mean, of: 10, sd: 0}", "item.sd", "above 0"),
    evsi("data named all", "the name `all` stands for all data", data="{all: {informs: p_birth, kind: counts, of: 9}}"),
    evsi("a design without years", "designs[1]: the key years is missing", designs="{babies: 100000}"),
    evsi("years of zero", "designs[1].years", "longer than 0 years", designs="{babies: 100000, years: 0}"),
    evsi(
        "a study as long as the horizon",
        "study reports after 12 years, when the horizon of 10 years is over",
        designs="{babies: 100000, years: 12}",
    ),
    evsi("a size below zero", "designs[1].babies: found -5", "above 0", designs="{babies: -5, years: 1}"),
    evsi("a size in words", "designs[1].babies: found 'many'", designs="{babies: many, years: 1}"),
    evsi("an empty list", "the list is empty", designs="{babies: [], years: 1}"),
    evsi(
        "a number named as a parameter", "u_well is the name of a parameter", designs="{babies: 9, u_well: 5, years: 1}"
    ),
    evsi(
        "two designs of one name",
        "two designs are named a.",
        designs="[{name: a, babies: 9, years: 1}, {name: a, babies: 8, years: 1}]",
    ),
    evsi(
        "too many designs",
        "expand to 400 designs; at most 200",
        designs=f"{{babies: {list(range(1, 21))}, children: {list(range(1, 21))}, years: 1}}",
    ),
    *(
        evsi(
            f"a number named {name}",
            f"designs[1].{name}: {name} is the name of a column of the table of designs.",
            "these are taken: threshold, design, data, informs, evsi",
            designs=f"{{babies: 9, {name}: 5, years: 1}}",
        )
        for name in ("cost", "data", "se", "population", "best", "threshold", "design", "remark", "net_benefit_se")
    ),
    evsi(
        "a design named no study",
        "designs[1].name: `no study` is what designs are set against.",
        designs="{name: no study, babies: 9, years: 1}",
    ),
    evsi(
        "data named everything",
        "data.everything: the name `everything` stands for everything that could be known.",
        data="{everything: {informs: p_birth, kind: counts, of: babies}}",
    ),
    given(
        "a size that divides by 0",
        "{informs: p_birth, kind: counts, of: babies / 0}",
        "it is not a finite number in study_1. Does it divide by 0?",
    ),
    evsi(
        "no design that can be carried out",
        "feasible: no design can be carried out; in study_1, babies <= 2000 * years is 100000 <= 3000.",
        feasible="[babies <= 2000 * years]",
    ),
    evsi("a condition that is none", "feasible[1]: babies * 2 is no comparison.", feasible="[babies * 2]"),
    evsi("an unknown number in a condition", "feasible[1]: no number of the design", feasible="babis < 3"),
    evsi("a condition without a value", "feasible[1]: babies < 0 / 0 has no value", feasible="[babies < 0 / 0]"),
    evsi(
        "a year too long in words",
        "reports after 10 years, when the horizon of 10 years is over.",
        designs="{babies: 100000, years: 10}",
    ),
    evsi(
        "births of one year",
        "takes 3,000,000 births in 1 year, but only 600,000",
        enrols="3000000",
        designs="{babies: 100000, years: 1}",
    ),
    evsi("a negative cost", "evsi.cost: it is -5 in study_1", "at least 0", cost="-5"),
    evsi("an unknown number in the cost", "evsi.cost: no number of the design", "babies", cost="3 * babis"),
    evsi("more births than are born", "takes 3,000,000 births in 1.5 years, but only 900,000", enrols="3000000"),
    evsi("an unknown strategy meanwhile", "meanwhile.screning", "Did you mean screening?", meanwhile="{screning: 1}"),
    evsi("a share above 1", "it is 1.2 in study_1", "between 0 and 1", meanwhile="{screening: 1.2}"),
    evsi("shares above 1", "add up to 1.2", meanwhile="{screening: 0.6, usual: 0.6}"),
    analyses(
        "EVSI: too few draws",
        "psa: {draws: 90}\nevsi: {data: {x: {informs: h_ill, kind: events, over: 5}}, designs: {years: 1}}",
        "evsi:",
        "90 draws are too few for these data; at least 100 are needed.",
    ),
    Broken(
        "EVSI: a cost without births a year",
        (*evsi("").edits, (MODEL, "births_per_year: births\n", "")),
        "evsi:",
        ("evsi.cost: the model does not say how many births", "births_per_year"),
    ),
    Broken(
        "EVSI: a count of what may lie outside 0 and 1",
        (
            *given("", "{informs: h_crisis, kind: counts, of: 10}").edits,
            (
                PARAMETERS,
                "h_crisis,Hazard of a crisis,0.2,rate,,",
                "h_crisis,Hazard of a crisis,0.2,rate,gamma(mean=0.2; se=0.1),",
            ),
        ),
        "evsi:",
        ("counts inform a probability, and h_crisis is in rate",),
    ),
)
