"""What Pluto does not have, or in another form: reports, people, filters of wandb's page, charts of the user's."""

import pytest

from wandb.apis.public import PanelMetricsHelper, PythonMongoishQueryGenerator, QueryGenerator


def test_filters_that_wandb_loses_are_kept() -> None:
    """Several keys, and several operators of one, hold together; what a page cannot say is an error."""
    turned = QueryGenerator()
    both = turned.mongo_to_filter({"state": "a", "config.lr": {"$gt": 1, "$lt": 2}})
    assert turned.filter_to_mongo(both) == {
        "$and": [{"state": "a"}, {"$and": [{"config.lr": {"$gt": 1}}, {"config.lr": {"$lt": 2}}]}]
    }
    for wrong in ({"$not": {"state": "x"}}, {"state": {"$exists": True}}):
        with pytest.raises(ValueError, match=r"does not support \$"):
            turned.mongo_to_filter(wrong)


def test_orders_of_the_page() -> None:
    """Keys and orders are translated both ways, as the real wandb 0.31 does."""
    turned = QueryGenerator()
    keys = {"keys": [{"key": {"section": "run", "name": "createdAt"}, "ascending": False}]}
    assert turned.keys_to_order(keys) == ["-createdAt"] and turned.order_to_keys(["-createdAt"]) == keys
    named = [turned.format_order_key(key) for key in ("loss", "config.lr", "summary_metrics.x", "createdAt")]
    assert named == ["-summary_metrics.loss", "-config.lr", "-summary_metrics.x", None]
    with pytest.raises(ValueError, match="zz"):
        turned.key_to_server_path({"section": "zz", "name": "loss"})


class RunSet:
    """What a report's filters ask."""

    _runs_config = {"lr": 1, "model": {"kind": ""}}  # noqa: RUF012


def test_names_of_the_page() -> None:
    """Names of runs' fields, configuration and summary as wandb's page has them, there and back."""
    names, panels = PythonMongoishQueryGenerator(RunSet()), PanelMetricsHelper()
    for front, back, parallel in (
        ("Name", "displayName", "displayName"),
        ("model.kind", "config.model.value.kind", "config:model.value.kind"),
        ("loss", "summary_metrics.loss", "summary:loss"),
        ("Step", "_step", "_step"),
    ):
        assert names.front_to_back(front) == back and names.back_to_front(back) == front
        assert names.pc_front_to_back(front) == parallel and names.pc_back_to_front(parallel) == front
    assert panels.front_to_back("Step") == "_step" and panels.back_to_front("loss") == "loss"
    for front, back in (("c::lr", "config:lr.value"), ("s::loss", "summary:loss"), ("Step", "summary:_step")):
        assert panels.special_front_to_back(front) == back and panels.special_back_to_front(back) == front
    assert panels.special_back_to_front(panels.special_front_to_back("Created Timestamp")) == "Created Timestamp"
    with pytest.raises(ValueError, match="config:lr"):
        panels.special_back_to_front("config:lr")
