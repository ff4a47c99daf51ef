"""Where artifacts come from, who uses them, what is linked, and how versions go away."""

from collections.abc import Callable
from typing import Any

from tests.helpers.server_state import Script


def test_runs_collections_and_links_are_known(script: Script, elsewhere: Callable[..., Any]) -> None:
    """A version tells the run that made it, the runs that use it or a link to it, its name, its links and its step;
    a name may have dots."""
    script("""
        import wandb
        with wandb.init(id="maker") as run:
            for step in range(3): run.log({"x": step})
            artifact = wandb.Artifact("net.v2", "model")
            with artifact.new_file("w") as f: f.write("1")
            artifact.ttl = __import__("datetime").timedelta(days=2)
            run.log_artifact(artifact, tags=["good"]).wait()
            run.link_artifact(artifact, "champion", aliases=["prod"]).wait()
    """)
    script("""
        import wandb
        with wandb.init(id="user") as run: run.use_artifact("net.v2:latest")
        with wandb.init(id="linked") as run: run.use_artifact("champion:prod")
        with wandb.init(id="other") as run: pass
    """)
    elsewhere("""
        import wandb, datetime
        with wandb.init(id="asks") as run:
            link = run.use_artifact("champion:prod")
            artifact = link.source_artifact
        assert (artifact.name, artifact.is_link, link.is_link) == ("net.v2:v0", False, True)
        assert (link.source_name, link.source_version, link.source_project) == ("net.v2:v0", "v0", run.project)
        assert artifact.logged_by().id == link.logged_by().id == "maker"
        assert {run.id for run in artifact.used_by()} == {"user", "linked", "asks"}
        assert (artifact.collection.name, artifact.collection.type) == ("net.v2", "model")
        assert (link.collection.name, link.source_collection.name) == ("champion", "net.v2")
        assert [one.name for one in artifact.linked_artifacts] == ["champion:v0"] and link.linked_artifacts == []
        assert artifact.history_step == 2 and artifact.ttl == datetime.timedelta(days=2) and artifact.tags == ["good"]
        assert artifact.created_at <= artifact.updated_at
        artifact.ttl = None
        artifact.save()
        again = wandb.Api().artifact("net.v2:v0")
        assert again.ttl is None and again.updated_at > again.created_at == artifact.created_at
        link.unlink()
        assert link.state == "DELETED" and artifact.linked_artifacts == []
        try: artifact.unlink()
        except ValueError as error: assert "is not a linked artifact and cannot be unlinked" in str(error)
        else: raise AssertionError
    """)


def test_a_deleted_version_is_gone(script: Script) -> None:
    """It is found no more, its number is not given again, `latest` is the newest that is left; others stay whole."""
    script("""
        import wandb
        def made(text):
            artifact = wandb.Artifact("data", "dataset")
            with artifact.new_file("a.txt") as f: f.write(text)
            return artifact
        def missing(name):
            try: run.use_artifact(name)
            except wandb.CommError as error: return "not found" in str(error)
        with wandb.init() as run:
            versions = [run.log_artifact(made(text), aliases=[f"a{text}"]).wait() for text in "012"]
            last = run.use_artifact("data:v2")
            try: last.delete()
            except wandb.CommError as error: assert "delete_aliases=True" in str(error)
            else: raise AssertionError
            last.delete(delete_aliases=True)
            assert missing("data:v2") and missing("data:a2") and last.state == "DELETED"
            assert run.use_artifact("data:latest").version == "v1"
            again = run.log_artifact(made("2")).wait()
            assert again.version == "v3" and run.use_artifact("data:latest").version == "v3"
            for version, text in (("v0", "0"), ("v1", "1"), ("v3", "2")):
                assert open(run.use_artifact(f"data:{version}").file()).read() == text
            first = run.use_artifact("data:v0")
            first.aliases.clear()
            first.save()
            first.delete()
            assert missing("data:v0") and [v.version for v in first.collection.artifacts()] == ["v3", "v1"]
    """)
