"""Sets of parameters: groups that are drawn together, names that stand for them, their labels."""

from helpers import write_complete

from nbsmodel.analysis.parameter_sets import ParameterSet, dimensions, group_label, joined, unit_of, units
from nbsmodel.model.load import load_model

NORMALS = (
    ("model/parameters.csv", "hr_treated,Hazard ratio,0.3,ratio,\"lognormal(mean=0.3, se=0.05)\"",
     "hr_treated,\"Hazard ratio, treated\",0.3,ratio,multivariate_normal(group=ratios; covariance=[0.01])"),
    ("model/parameters.csv", "h_crisis,Hazard of a crisis,0.2,rate,,",
     "h_crisis,\"Hazard ratio, crisis\",0.2,rate,multivariate_normal(group=ratios; covariance=[0.001; 0.01]),"),
)  # fmt: skip


def small(folder, *edits):
    write_complete(folder, *edits)
    return load_model(folder / "model")


def test_groups_are_units_in_the_order_of_the_draws(tmp_path):
    model = small(tmp_path, *NORMALS)
    columns = ["p_birth", "p_late", "p_early", "h_ill", "hr_treated", "h_crisis", "alternative"]
    found = units(model, columns)
    assert list(found) == ["p_birth", "timing", "h_ill", "ratios", "alternative"]
    assert found["timing"].members == ("p_late", "p_early")
    assert found["ratios"] == ParameterSet("ratios", "Hazard ratio (2 parameters)", ("hr_treated", "h_crisis"))
    assert found["h_ill"].label == "Hazard of illness"
    assert found["alternative"].label == "Structural alternative"


def test_a_group_of_which_one_member_is_left(tmp_path):
    found = units(small(tmp_path), ["p_early"])
    assert found["timing"] == ParameterSet("timing", "Found early", ("p_early",))


def test_names_stand_for_units(tmp_path):
    found = units(small(tmp_path), ["p_birth", "p_late", "p_early"])
    assert unit_of(found, "timing") is unit_of(found, "p_late") is found["timing"]
    assert unit_of(found, "h_ill") is None


def test_sets_put_together_hold_each_member_once():
    a, b = ParameterSet("a", "", ("x", "y")), ParameterSet("b", "", ("y", "z"))
    assert joined("both", "Both", [a, b]) == ParameterSet("both", "Both", ("x", "y", "z"))


def test_shares_have_one_number_less(tmp_path):
    model = small(tmp_path)
    assert dimensions(model, ["p_late", "p_early", "h_ill"]) == 2
    assert dimensions(model, ["p_late", "h_ill"]) == 2


def test_labels_of_groups():
    assert group_label("g", ["Two copies treated early: walking", "Two copies treated early: sitting"]) == (
        "Two copies treated early (2 parameters)"
    )
    assert group_label("two_copies", ["Sitting", "Walking", "Standing"]) == "Two copies (3 parameters)"
    assert group_label("g", ["Alone"]) == "Alone"
