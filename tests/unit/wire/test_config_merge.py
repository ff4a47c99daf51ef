"""What the server merges for a value to be replaced, and what readers leave out again."""

from wandb_compat.wire.config_merge import merge, null_removed, removed_paths, without_nulls, without_removed

OLD = {"optimizer": {"name": "adam", "betas": {"a": 1, "b": 2}}, "lr": 0.1, "gone": {"x": 1}}
NEW = {"optimizer": {"name": None, "betas": {"b": 3}}, "lr": {"start": 1}}


def test_merging_the_nulls_gives_the_new_values() -> None:
    """The removed keys are null after the merge, and readers drop them, not the nulls of the script."""
    server = {"optimizer": {"name": "adam", "betas": {"a": 1, "b": 2}}, "lr": 0.1, "gone": {"x": 1}}
    merge(server, null_removed(OLD, NEW))
    paths = list(removed_paths(OLD, NEW))
    assert sorted(paths) == [("gone",), ("optimizer", "betas", "a")]
    assert without_removed(server, paths) == NEW


def test_values_set_again_stay() -> None:
    """A path that was removed once hides no later value."""
    assert without_removed({"a": {"b": 1, "c": None}}, [["a", "b"], ["x"], []]) == {"a": {"b": 1, "c": None}}


def test_a_summary_loses_all_nulls() -> None:
    """At any depth; the other values stay."""
    assert without_nulls({"a": None, "b": {"c": None, "d": 0}}) == {"b": {"d": 0}}
