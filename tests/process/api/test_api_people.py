"""What Pluto does not have, or in another form: reports, people, filters of wandb's page, charts of the user's."""

import json

import pytest

import wandb
from wandb.apis.public import Member, PythonMongoishQueryGenerator, QueryGenerator, Team
from wandb.errors import UnsupportedError


def test_there_are_no_reports(api: wandb.Api, capsys: pytest.CaptureFixture[str]) -> None:
    """The list is empty, with one warning; writing one is refused."""
    reports = api.reports("team/rich")
    assert list(reports) == [] and len(reports) == 0 and not reports.more
    assert list(api.reports("team/rich", name="any")) == []
    assert capsys.readouterr().err.count("Pluto has no reports") == 1
    with pytest.raises(UnsupportedError, match="write the page with any tool"):
        api.create_report("rich")


def test_people_are_known_as_far_as_pluto_tells(api: wandb.Api) -> None:
    """The organisation is user, team and organisation; whom the key does not belong to is not there."""
    name = api.default_entity
    assert api.organization().name == api.organization(name).name == name
    with pytest.raises(ValueError, match="someone-else"):
        api.organization("someone-else")
    assert (api.viewer.username, api.viewer.teams, api.user(name).username) == (name, [name], name)
    assert api.viewer.user_api.viewer.username == name
    assert api.users("someone") == [] and api.user("someone") is None
    assert (api.team(name).name, api.team(name).members) == (name, [])


def test_what_a_key_cannot_do_for_people_has_not_worked(api: wandb.Api, capsys: pytest.CaptureFixture[str]) -> None:
    """wandb's own words for no success where it has some, each with a sentence; an error where it has none."""
    team, member = Team(None, "t"), Member(None, "t", {"name": "m"})
    assert team.invite("someone@example.com") is False
    assert team.create_service_account("robot") is None
    assert member.delete() is False
    assert api.viewer.generate_api_key("mine") is None
    assert api.viewer.delete_api_key("mine") is False
    assert capsys.readouterr().err.count("Pluto") == 5
    for call in (
        lambda: api.create_user("a@example.com"),
        lambda: api.create_team("t"),
        lambda: type(api.viewer).create(api, "a@example.com"),
        lambda: Team.create(api, "t"),
    ):
        with pytest.raises(UnsupportedError, match="own page"):
            call()


def test_a_chart_of_the_users(api: wandb.Api, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chart that is made of a kept specification carries it to the server; its id is what wandb's would be."""
    monkeypatch.setenv("PLUTO_DIR", str(tmp_path / "pluto"))
    vega = {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "mark": "bar"}
    id = api.create_custom_chart("team", "bars", "My bars", "vega2", "private", json.dumps(vega))
    assert id == "team/bars"
    table = wandb.Table(columns=["a", "b"], data=[["x", 1]])
    with wandb.init(project="charts", id="chart1") as run:
        run.log({"mine": wandb.plot_table(id, table, {"x": "a", "y": "b"}, {"title": "Bars"})})
        run.log({"theirs": wandb.plot_table("wandb/bar/v0", table, {"label": "a", "value": "b"})})
    details = api._reader.get_run("charts", api.run("charts/chart1").number)
    charts = {one["key"]: one for one in details["config"]["wandb"]["custom_charts"]}
    assert charts["mine"] == {
        "key": "mine",
        "panelDefId": "team/bars",
        "preset": None,
        "title": "Bars",
        "strings": {"title": "Bars"},
        "tableKey": "mine_table",
        "fields": {"x": "a", "y": "b"},
        "specLang": "vega-lite",
        "spec": vega,
    }
    assert "spec" not in charts["theirs"] and charts["theirs"]["preset"] == "bar"


@pytest.mark.parametrize(
    ("name", "kind", "access", "spec"),
    [
        ("a/b", "vega2", "private", {}),
        ("..", "vega2", "private", {}),
        ("bars", "vega3", "private", {}),
        ("bars", "vega2", "secret", {}),
        ("bars", "vega2", "public", "[1]"),
        ("bars", "vega2", "public", "{"),
    ],
)
def test_a_chart_that_makes_no_sense(api: wandb.Api, name: str, kind: str, access: str, spec: object) -> None:
    """Nothing is kept, and the error is one of wandb's."""
    with pytest.raises(wandb.Error):
        api.create_custom_chart("team", name, "My bars", kind, access, spec)


@pytest.mark.parametrize(
    ("mongo", "page"),
    [  # as the real wandb 0.31 answers
        (
            {"config.lr.value": {"$gt": 1}},
            {"key": {"section": "config", "name": "lr.value"}, "op": ">", "value": 1},
        ),
        (
            {"$or": [{"$and": [{"state": "x"}, {"summary_metrics.a": {"$in": [1]}}]}]},
            {
                "op": "OR",
                "filters": [
                    {
                        "op": "AND",
                        "filters": [
                            {"key": {"section": "run", "name": "state"}, "op": "=", "value": "x"},
                            {"key": {"section": "summary", "name": "a"}, "op": "IN", "value": [1]},
                        ],
                    }
                ],
            },
        ),
    ],
)
def test_filters_of_the_page(mongo: dict, page: dict) -> None:
    """They are translated both ways."""
    turned = QueryGenerator()
    assert turned.mongo_to_filter(mongo) == page
    assert turned.filter_to_mongo(page) == mongo


class RunSet:
    """What a report's filters ask."""

    _runs_config = {"lr": 1, "model": {"kind": ""}}  # noqa: RUF012


def test_filters_in_python_find_runs(api: wandb.Api) -> None:
    """A comparison in Python is a filter that `runs` takes; what wandb cannot read of them is read too."""
    write = PythonMongoishQueryGenerator(RunSet()).python_to_mongo
    assert write("State in ['finished', 'failed'] and lr > 3") == {
        "$or": [{"$and": [{"state": {"$in": ["finished", "failed"]}}, {"config.lr.value": {"$gt": 3}}]}]
    }
    for text, expected in {
        "lr >= 0.1": {"grid0", "grid3", "grid4"},
        "acc > 0.15 and model.kind != 'vit-b'": {"grid2"},
        "Name == 'renamed' or (lr < 0.01 and not State == 'failed')": {"grid4", "grid2"},
        "Tags in ['first']": {"grid0"},
    }.items():
        assert {run.id for run in api.runs("grid", write(text))} == expected, text
    for wrong in ("", "lr", "import os", "f(lr) == 1", "1 < lr < 3", "lr == other"):
        with pytest.raises(ValueError, match="not a comparison"):
            write(wrong)
