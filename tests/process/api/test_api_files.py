"""The files of a run, down and up."""

import base64
import json
from pathlib import Path

import pytest
import yaml
from PIL import Image

import wandb
from tests.helpers.counting_proxy import Counter

SAVED = ["sub/notes.txt", "weights.bin", "ünïcode.txt"]
MADE = ["config.yaml", "output.log", "wandb-metadata.json", "wandb-summary.json"]


@pytest.fixture
def run(api: wandb.Api) -> "wandb.apis.public.Run":
    """The run that has one of everything."""
    return api.run("rich/rich1")


def test_files_are_listed_by_the_names_that_they_were_saved_under(run: "wandb.apis.public.Run") -> None:
    """Saved files, media and the files that wandb makes are there; those of artifacts are not among them."""
    names = [file.name for file in run.files()]
    assert {*SAVED, *MADE} <= {*names}
    media = [name for name in names if name.startswith("media/")]
    assert sorted({name.split("/")[1] for name in media}) == ["html", "images", "table"]
    assert sum(name.startswith("media/images/") for name in media) == 3
    assert sorted([*SAVED, *MADE, *media]) == sorted(names)
    assert len(run.files()) == len(names)
    assert [file.name for file in run.files(names=["weights.bin", "absent"])] == ["weights.bin"]
    assert [file.name for file in run.files(pattern="sub/%.txt")] == ["sub/notes.txt"]
    with pytest.raises(ValueError, match="not both"):
        run.files(names=["a"], pattern="b")


def test_a_file_comes_down_as_it_was(run: "wandb.apis.public.Run", tmp_path: Path) -> None:
    """The bytes are those that were saved, below the folder that is asked for."""
    file = run.file("weights.bin")
    assert (file.size, file.mimetype) == (256, "application/octet-stream")
    with file.download(root=str(tmp_path / "down")) as opened:
        assert opened.name == str(tmp_path / "down" / "weights.bin")
    assert (tmp_path / "down" / "weights.bin").read_bytes() == bytes(range(256))
    run.file("sub/notes.txt").download()
    assert Path("sub/notes.txt").read_text(encoding="utf-8") == "saved\n"
    assert run.file("ünïcode.txt").download().read() == "odd name\n"
    assert [path.name for path in tmp_path.rglob("*.part")] == []


def test_a_file_that_is_there_is_left_or_replaced(run: "wandb.apis.public.Run") -> None:
    """`replace` writes over a file, `exist_ok` leaves it; without either it is a ValueError."""
    Path("weights.bin").write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match="already exists"):
        run.file("weights.bin").download()
    assert run.file("weights.bin").download(exist_ok=True).read() == "mine"
    run.file("weights.bin").download(replace=True)
    assert Path("weights.bin").stat().st_size == 256


def test_a_file_that_is_not_there(run: "wandb.apis.public.Run") -> None:
    """A missing file has no bytes, and to download it is a CommError that names it."""
    file = run.file("absent.txt")
    assert file.size == 0
    with pytest.raises(wandb.CommError, match=r"absent\.txt"):
        file.download()
    assert not Path("absent.txt").exists()


def test_media_are_files(run: "wandb.apis.public.Run") -> None:
    """What the summary names can be downloaded and opened."""
    picture = Image.open(run.file(run.summary["picture"]["path"]).download().name)
    assert picture.size == (4, 4)
    assert picture.getpixel((1, 0)) == (3, 4, 5)
    page = run.file(run.summary["page"]["path"]).download()
    assert page.read() == "<p>hello</p>"
    table = json.load(run.file(run.summary["table"]["path"]).download())
    assert (table["columns"], table["data"]) == (["a", "b"], [[1, "x"], [2, "y"]])


def test_files_that_wandb_makes_of_what_pluto_has(run: "wandb.apis.public.Run") -> None:
    """Configuration, summary, metadata and console are files too, as scripts read them."""
    assert yaml.safe_load(run.file("config.yaml").download())["lr"] == {"value": 0.1}
    assert json.load(run.file("wandb-summary.json").download())["best"] == 0.5
    metadata = run.file("wandb-metadata.json")
    scheme, _, coded = metadata.url.partition(";base64,")
    assert scheme == "data:application/json"
    assert json.loads(base64.b64decode(coded)) == run.metadata == json.load(metadata.download())
    assert "a line of the console" in run.file("output.log").download().read().splitlines()


def test_a_name_cannot_lead_out_of_the_folder(run: "wandb.apis.public.Run", tmp_path: Path) -> None:
    """A file of a hostile name is not written outside of the folder that is asked for."""
    file = run.file("weights.bin")
    file._attrs["name"] = "../escaped.txt"
    with pytest.raises(ValueError, match="outside"):
        file.download(root="inside")
    assert not (tmp_path / "escaped.txt").exists()


def test_one_file_is_asked_for_alone(counted: tuple[wandb.Api, Counter]) -> None:
    """A saved file costs one small question, not the list of all files."""
    api, counter = counted
    run = api.run("rich/rich1")
    counter.paths()
    assert run.file("weights.bin").size == 256
    asked = [(path.rpartition("/")[2], query.get("logName")) for path, query in counter.asked]
    assert asked == [("files", "save/weights.bin")]


@pytest.mark.parametrize("name", ["up/loaded.txt", "lösung.txt", "plain"])
def test_a_file_goes_up(name: str, api: wandb.Api) -> None:
    """An uploaded file has the name of its path from `root` on, and comes back."""
    run = api.create_run(project="uploads")
    Path("here", name).parent.mkdir(parents=True)
    Path("here", name).write_text("from here", encoding="utf-8")
    assert run.upload_file(f"here/{name}", root="here").name == name
    assert [file.name for file in run.files() if file.name not in MADE] == [name]
    assert run.file(name).download(root="back").read() == "from here"
    with pytest.raises(wandb.CommError, match="nothing"):
        run.upload_file("nothing-of-that-name")
