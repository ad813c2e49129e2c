"""Random formula trees, as `parse` can make them."""

from __future__ import annotations

from keyword import iskeyword

from hypothesis import strategies as st

from nbsmodel.formula.tree import Binary, Call, Choose, Name, Number, Unary

ARITHMETIC = ("+", "-", "*", "/", "//", "%", "**")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
LOGICAL = ("and", "or")

numbers = st.floats(min_value=0, allow_nan=False, allow_infinity=False).map(Number)
identifiers = st.from_regex(r"[A-Za-z]([A-Za-z0-9]|_(?!_)){0,8}", fullmatch=True).filter(lambda n: not iskeyword(n))
columns = st.none() | st.text(max_size=6).filter(str.isprintable)


def _deeper(trees):
    return st.one_of(
        st.builds(Unary, st.sampled_from(("-", "not")), trees),
        st.builds(Binary, st.sampled_from(ARITHMETIC + COMPARISONS + LOGICAL), trees, trees),
        st.builds(Choose, trees, trees, trees),
        st.builds(Call, identifiers, st.lists(trees, max_size=3).map(tuple), columns),
    )


trees = st.recursive(numbers | identifiers.map(Name), _deeper, max_leaves=14)

#: Small numbers and names of three numbers, so that plain Python seldom overflows.
_small = st.sampled_from([0.0, 0.25, 1.0, 2.0, 3.0, 7.5, 1e-5]).map(Number)
values = _small | st.sampled_from(["a", "b", "c"]).map(Name)


def _arithmetic(expressions):
    compared = st.builds(Binary, st.sampled_from(COMPARISONS), expressions, expressions)
    negated = st.builds(Unary, st.just("not"), compared)
    conditions = compared | negated | st.builds(Binary, st.sampled_from(LOGICAL), compared | negated, compared)
    return st.one_of(
        st.builds(Unary, st.just("-"), expressions),
        st.builds(Binary, st.sampled_from(ARITHMETIC[:-1]), expressions, expressions),
        st.builds(Binary, st.just("**"), expressions, st.sampled_from([0.0, 1.0, 2.0, 3.0]).map(Number)),
        st.builds(Call, st.sampled_from(["exp", "sqrt", "abs", "floor", "ceil"]), st.tuples(expressions)),
        st.builds(Call, st.sampled_from(["min", "max"]), st.lists(expressions, min_size=2, max_size=3).map(tuple)),
        st.builds(Choose, conditions, expressions, expressions),
        conditions,
    )


#: Formulas that Python itself can evaluate: ``and``, ``or`` and ``not`` stand between conditions only.
expressions = st.recursive(values, _arithmetic, max_leaves=10)
