"""Analyses that a config asks for and that cannot be made."""

from broken import BASE, PARAMETERS, Broken

CHOICES = "choices: {outlook: observed}\n"


def analyses(name: str, block: str, at: str, *says: str, **more: object) -> Broken:
    """A block of analyses added to the config; the place is the line of `at`."""
    text = f"{CHOICES}analyses:\n" + "".join(f"  {line}\n" for line in block.splitlines())
    return Broken(name, ((BASE, CHOICES, text),), at, says, **more)  # type: ignore[arg-type]


def draws(name: str, table: str | bytes, *says: str) -> Broken:
    """A file of draws that cannot be used."""
    return analyses(name, "psa: {file: draws.csv}", "psa: {file", *says, whole={"configs/draws.csv": table})


CASES = (
    analyses("unknown analysis", "psaa: {draws: 100}", "psaa:", "unknown key psaa. Did you mean psa?"),
    analyses("unknown key of an analysis", "psa: {drws: 100}", "psa:", "unknown key drws. Did you mean draws?"),
    analyses("number of draws in words", "psa: {draws: many}", "psa:", "whole number"),
    analyses("no draws", "psa: {draws: 0}", "psa:", "at least 2"),
    analyses("analyses as a list", "- psa", "analyses:", "a block of `key: value` lines is needed"),
    analyses("unknown sampling", "psa: {sampling: lhs}", "psa:", "found 'lhs'", "latin_hypercube"),
    analyses(
        "Sobol' points that are no power of 2",
        "psa: {sampling: sobol, draws: 1000}",
        "psa:",
        "Sobol' points come in powers of 2: write 512 or 1024 draws, not 1000",
    ),
    analyses("too few draws to say anything", "psa: {draws: 1}", "psa:", "draws"),
    analyses("value of information without draws", "evppi: true", "evppi: true", "Add `psa`"),
    analyses("a precision in words", "psa: {precision: {inmb: small}}", "psa:", "'small' is no precision"),
    analyses(
        "alternatives without weight",
        "psa:\n  alternatives: {a: {weight: 0}, b: {weight: 0}}",
        "psa:",
        "the weights of the alternatives add up to 0",
    ),
    analyses(
        "a negative weight", "psa:\n  alternatives: {a: {weight: -1}, b: {weight: 2}}", "psa:", "at least 0"
    ),
    analyses(
        "an alternative with an unknown option",
        "psa:\n  alternatives: {a: {weight: 1, choices: {outlook: bleak}}}",
        "psa:",
        "alternatives.a",
        "outlook has no option bleak",
    ),
    analyses(
        "an alternative with an impossible override",
        "psa:\n  alternatives: {a: {weight: 1, overrides: {p_birth: 2}}}",
        "psa:",
        "alternatives.a",
        "2 is no probability",
    ),
    analyses("a file of draws that is not there", "psa: {file: none.csv}", "psa:", "there is no file configs/none.csv"),
    draws("draws of an unknown parameter", "draw,h_il\n0,0.5\n", "h_il", "Did you mean h_ill?"),
    draws("draws with a number twice", "draw,h_ill\n0,0.5\n0,0.6\n", "draw"),
    draws("draws with a gap", "draw,h_ill\n0,0.5\n1,\n", "h_ill"),
    draws("draws in words", "draw,h_ill\n0,0.5\n1,high\n", "h_ill"),
    draws("no draws in the file", "draw,h_ill\n", "draws.csv"),
    draws("draws that are binary junk", bytes(range(128, 256)) * 4, "draws.csv"),
    draws("draws of what the scenario overrides", "draw,p_uptake\n0,0.5\n1,0.6\n", "p_uptake", "Keep one of them."),
    draws("draws of an unknown alternative", "draw,h_ill,alternative\n0,0.5,b\n1,0.6,b\n", "alternative b"),
    Broken(
        "a model without distributions",
        (
            (BASE, CHOICES, f"{CHOICES}analyses: {{psa: true}}\n"),
            (PARAMETERS, '"beta(events=10, total=100000)"', ""),
            (PARAMETERS, '"beta(mean=0.9, se=0.02)"', ""),
            (PARAMETERS, '"dirichlet(group=timing, count=1)"', ""),
            (PARAMETERS, '"dirichlet(group=timing, count=9)"', ""),
            (PARAMETERS, '"gamma(mean=0.5, se=0.1)"', ""),
            (PARAMETERS, '"lognormal(mean=0.3, se=0.05)"', ""),
        ),
        "analyses: {psa: true}",
        ("no parameter of this model has a distribution",),
    ),
    Broken(
        "no draw is possible",
        (
            (PARAMETERS, "0.999,probability,,", '0.999,probability,"normal(mean=9, se=0.1)",'),
            (BASE, CHOICES, f"{CHOICES}analyses: {{psa: {{draws: 20}}}}\n"),
        ),
        "analyses: {psa: {draws: 20}}",
        ("only 0 of 20 draws can be run; refused by p_specificity (20)",),
        file=BASE,
    ),
)  # fmt: skip
