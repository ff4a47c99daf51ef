"""Artifacts of a project and of a run, as the API finds them."""

from pathlib import Path

import pytest

import wandb


@pytest.mark.parametrize("name", ["team/rich/model:v0", "rich/model:best", "rich/model:v0"])
def test_an_artifact_is_found_by_version_and_alias(name: str, api: wandb.Api) -> None:
    """A name with a version or an alias leads to the artifact, whose files come down."""
    artifact = api.artifact(name)
    assert (artifact.version, artifact.type, artifact.metadata) == ("v0", "weights", {"text": "one"})
    assert Path(artifact.download(), "file.txt").read_text(encoding="utf-8") == "one"
    assert api.artifact(name, type="weights").digest == artifact.digest
    with pytest.raises(ValueError, match="'dataset'"):
        api.artifact(name, type="dataset")


def test_a_name_takes_the_project_of_the_settings(api: wandb.Api) -> None:
    """A name that stands alone means the latest version in the default project."""
    api.settings["project"] = "rich"
    assert api.artifact("model").version == "v1"
    assert api.artifact("model:latest").aliases == ["latest"]


def test_an_artifact_that_is_not_there(api: wandb.Api) -> None:
    """A missing one is a CommError; whether one is there can be asked."""
    for name in ("rich/model:v9", "rich/absent:v0", "nope/model:v0"):
        with pytest.raises(wandb.CommError, match="not found"):
            api.artifact(name)
        assert not api.artifact_exists(name)
    assert api.artifact_exists("rich/model:v1")
    assert api.artifact_collection_exists("rich/model", "weights")
    assert not api.artifact_collection_exists("rich/model", "dataset")
    assert not api.artifact_collection_exists("rich/absent", "weights")
    with pytest.raises(ValueError, match="name="):
        api.artifact("")


def test_a_server_that_is_away_is_not_an_artifact_that_is_missing(
    api: wandb.Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`artifact_exists` says no only when the server was asked."""
    monkeypatch.setenv("PLUTO_URL_API", "http://127.0.0.1:9")
    with pytest.raises(wandb.CommError):
        wandb.Api(overrides={"entity": "e"}).artifact_exists("rich/model:v0")


def test_versions_types_and_collections(api: wandb.Api) -> None:
    """All versions of a name, the newest first; the names of a type; the types of a project."""
    versions = api.artifacts("weights", "team/rich/model")
    assert [one.version for one in versions] == ["v1", "v0"]
    assert len(versions) == 2
    assert versions[0].version == "v1"
    assert [one.version for one in api.artifacts("weights", "rich/model", order="+created_at")] == ["v0", "v1"]
    assert [one.version for one in api.artifact_versions("weights", "rich/model")] == ["v1", "v0"]
    assert list(api.artifacts("dataset", "rich/model")) == []
    assert list(api.artifacts("weights", "rich/model", tags=["absent"])) == []
    assert [one.name for one in api.artifact_types("rich")] == ["dataset", "weights"]
    assert [one.name for one in api.artifact_type("weights", "rich").collections()] == ["model"]
    assert [one.name for one in api.artifact_collections("team/rich", "dataset")] == ["data"]
    collection = api.artifact_collection("weights", "rich/model")
    assert (collection.name, collection.type) == ("model", "weights")
    assert sorted(collection.aliases) == ["best", "latest"]
    assert [one.version for one in collection.artifacts()] == ["v1", "v0"]
    assert collection.created_at <= collection.updated_at
    assert {one.name for one in api.project("rich", "team").collections()} == {"data", "model"}


def test_what_a_run_logged_and_used(api: wandb.Api) -> None:
    """A run tells its artifacts, in the order in which they were logged."""
    run = api.run("rich/rich1")
    assert [one.name for one in run.logged_artifacts()] == ["model:v0", "model:v1", "data:v0"]
    assert [one.name for one in run.used_artifacts()] == ["model:v0"]
    assert list(api.run("grid/grid0").logged_artifacts()) == []


def test_a_run_takes_and_gives_artifacts_afterwards(api: wandb.Api) -> None:
    """Use of an artifact, and a further alias of one, can be noted without a run that goes on."""
    run = api.create_run(project="rich")
    data = api.artifact("rich/data:v0")
    assert run.use_artifact(data) is data
    assert [one.name for one in run.used_artifacts()] == ["data:v0"]
    logged = run.log_artifact(data, aliases=["again"], tags=["t"])
    assert (logged.name, logged.tags) == ("data:v0", ["t"])
    assert api.artifact("rich/data:again").digest == data.digest
    assert [one.name for one in run.logged_artifacts()] == ["data:v0"]
    assert len(api.artifacts("dataset", "rich/data")) == 1
    draft = wandb.Artifact("draft", "dataset")
    for call in (run.use_artifact, run.log_artifact):
        with pytest.raises(ValueError, match="logged"):
            call(draft)
    with pytest.raises(ValueError, match="different project"):
        api.create_run(project="elsewhere").log_artifact(data)


def test_a_collection_is_changed_and_deleted(api: wandb.Api) -> None:
    """Description, tags and type of a name are kept beside its versions; deleting it deletes them all."""
    with wandb.init(project="collections") as run:
        for text in ("one", "two"):
            artifact = wandb.Artifact("kept", "weights", description="of a version")
            with artifact.new_file("file.txt") as file:
                file.write(text)
            run.log_artifact(artifact).wait()
    collection = api.artifact_collection("weights", "collections/kept")
    assert (collection.description, collection.tags) == (None, [])
    collection.description = "what it is"
    collection.tags.append("good")
    collection.save()
    collection.change_type("model")
    again = api.artifact_collection("model", "collections/kept")
    assert (again.description, again.tags, again.type) == ("what it is", ["good"], "model")
    assert [(one.version, one.type, one.description) for one in again.artifacts()] == [
        ("v1", "model", "of a version"),
        ("v0", "model", "of a version"),
    ]
    assert api.artifact("collections/kept:latest").version == "v1"
    assert [one.name for one in api.artifact_types("collections")] == ["model"]
    with pytest.raises(ValueError, match="reserved"):
        again.change_type("wandb-history")
    again.type = "model"
    again.name = "another"
    with pytest.raises(wandb.errors.UnsupportedError, match="link_artifact"):
        again.save()
    collection.delete()
    assert not api.artifact_exists("collections/kept:latest")
    assert not api.artifact_collection_exists("collections/kept", "model")
    assert list(api.artifact_types("collections")) == []
