"""A list of runs is read a page at a time, as far as it is iterated."""

import pytest

import wandb
from tests.helpers.counting_proxy import Counter
from tests.process.api.conftest import Logged

COUNT = 12
Listed = tuple[wandb.apis.public.Runs, Counter]


@pytest.fixture
def listed(counted: tuple[wandb.Api, Counter], log: Logged, request: pytest.FixtureRequest) -> Listed:
    """A dozen runs, five a page."""
    for number in range(COUNT):
        log(f"run{number:02}", config={"number": number})
    api, counter = counted
    return api.runs(request.node.name[:100], per_page=5), counter


def test_nothing_is_read_before_somebody_looks(listed: Listed) -> None:
    """Making the list asks nothing; its length and its first run cost one page."""
    runs, counter = listed
    assert counter.paths() == []
    assert len(runs) == COUNT
    assert runs[0].tags == []
    assert counter.queries("list") == [{"projectName": runs.project, "limit": "5", "sort": "+createdAt", "offset": "0"}]


def test_a_loop_reads_a_page_at_a_time(listed: Listed) -> None:
    """A loop that is left early has not read what it did not come to; the whole list takes three pages."""
    runs, counter = listed
    for _, run in zip(range(6), runs, strict=False):
        assert run.number
    assert counter.paths() == ["list", "list"]
    assert len({run.number for run in runs}) == COUNT
    assert counter.paths() == ["list"]
    assert len(list(runs)) == COUNT  # again, from memory
    assert counter.paths() == []
    assert not runs.more


def test_an_index_reads_as_far_as_it_goes(listed: Listed) -> None:
    """Indices and slices work as in a list, and read only the pages that they need."""
    runs, counter = listed
    assert [run.id for run in runs[:3]] == ["run00", "run01", "run02"]
    assert counter.paths().count("list") == 1
    assert runs[7].id == "run07"
    assert counter.paths().count("list") == 1
    assert [run.id for run in runs[-2:]] == ["run10", "run11"]
    assert counter.paths().count("list") == 1
    assert runs[-1].id == "run11"
    assert [run.number for run in runs[::-1]] == [run.number for run in reversed(list(runs))]
    with pytest.raises(IndexError):
        runs[COUNT]


def test_next_and_loops_inside_loops(listed: Listed) -> None:
    """`next` goes through the list on its own, and two loops do not disturb each other."""
    runs, _ = listed
    assert [next(runs).id, runs.next().id] == ["run00", "run01"]
    assert sum(1 for _ in runs for _ in runs) == COUNT * COUNT


def test_details_are_read_when_they_are_asked_for(listed: Listed) -> None:
    """A run of a list costs a request when its id, configuration or summary is read, and only one."""
    runs, counter = listed
    run = runs[3]
    assert (run.tags, run.group, run.created_at[:2]) == ([], None, "20")
    assert counter.paths() == ["list"]
    assert (run.id, run.config, run.name, run.state, run.notes) == ("run03", {"number": 3}, "run03", "running", None)
    assert run._attrs["config"] == {"number": 3}
    assert counter.paths() == ["details"]


def test_details_of_a_page_are_read_at_once(listed: Listed, counted: tuple[wandb.Api, Counter]) -> None:
    """`lazy=False` reads the details of each page with the page."""
    runs, counter = listed
    api, _ = counted
    full = api.runs(runs.project, per_page=5, lazy=False)
    assert full is runs  # the same list as before, which now reads more
    assert full[0].config == {"number": 0}
    assert counter.paths() == ["list", *["details"] * 5]


def test_a_list_is_kept_until_flush_unless_it_is_empty(counted: tuple[wandb.Api, Counter], log: Logged) -> None:
    """The same call gives the same list; a loop that waits for the first run sees it."""
    api, _ = counted
    project = "test_a_list_is_kept_until_flush_unless_it_is_empty"
    log("one", config={"a": 1})
    assert not list(api.runs(project, {"config.a": 2}))
    log("two", config={"a": 2})
    found = api.runs(project, {"config.a": 2})
    assert len(found) == 1
    assert api.runs(project, {"config.a": 2}) is found
    api.flush()
    assert api.runs(project, {"config.a": 2}) is not found
