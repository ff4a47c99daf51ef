"""Settings, URLs and credentials: the promised order, nothing sent where it must not go, nothing raised for a typo."""

import base64
from pathlib import Path

import pytest

from wandb_compat.config import credentials
from wandb_compat.config.settings import Settings
from wandb_compat.wire.endpoints import CLOUD, resolve, server_at
from wandb_compat.wire.errors import EndpointError


def settings(**environ: str) -> Settings:
    """Return the settings of an environment, which must have no complaints."""
    read, complaints = Settings.read(environ)
    assert complaints == []
    return read


def test_a_bad_value_is_said_and_its_default_holds() -> None:
    """A typo in one variable costs neither the run nor the other variables."""
    read, complaints = Settings.read({"WANDB_COMPAT_FINISH_BUDGET": "soon", "WANDB_PROJECT": "p"})
    assert (read.finish_budget, read.wandb_project) == (30.0, "p")
    (complaint,) = complaints
    assert "WANDB_COMPAT_FINISH_BUDGET='soon' is ignored" in complaint


@pytest.mark.parametrize(
    ("variable", "text", "words"),
    [
        ("WANDB_COMPAT_FINISH_BUDGET", "soon", "a number"),
        ("WANDB_COMPAT_FINISH_BUDGET", "nan", "at least 0"),
        ("WANDB_COMPAT_LINGER", "-1", "at least 0"),
        ("WANDB_COMPAT_HEARTBEAT", "0", "more than 0"),
        ("WANDB_COMPAT_JOURNAL_LIMIT", "1e9", "a whole number"),
        ("WANDB_COMPAT_BATCH_SIZE", "10", "at least 1024"),
        ("DISABLE_WANDB_LOGGING", "perhaps", "true or false"),
    ],
)
def test_each_kind_of_bad_value_says_what_would_do(variable: str, text: str, words: str) -> None:
    """Numbers out of bounds, of the wrong kind or none at all, and words that are neither yes nor no."""
    read, complaints = Settings.read({variable: text})
    (complaint,) = complaints
    assert complaint.startswith(f"{variable}={text!r} is ignored: it must be {words}")
    assert read == Settings()


def test_an_empty_variable_is_an_unset_one() -> None:
    """`PLUTO_PROJECT=` in a shell script means nothing."""
    assert settings(PLUTO_PROJECT="", WANDB_PROJECT=" ") == settings()


@pytest.mark.parametrize(
    ("environ", "given", "run_project", "expected"),
    [
        ({"PLUTO_PROJECT": "a", "WANDB_PROJECT": "b"}, "c", "d", "a"),
        ({"WANDB_PROJECT": "b"}, "c", "d", "c"),
        ({"WANDB_PROJECT": "b"}, None, "d", "b"),
        ({}, None, "d", "d"),
        ({}, None, None, "uncategorized"),
    ],
)
def test_the_project_comes_from_the_first_that_names_one(
    environ: dict[str, str], given: str | None, run_project: str | None, expected: str
) -> None:
    """PLUTO_PROJECT, `project=`, WANDB_PROJECT, the run's own project, wandb's default."""
    assert settings(**environ).project(given, run_project) == expected


def test_the_folder_comes_from_the_first_that_names_one() -> None:
    """`dir=`, WANDB_DIR, PLUTO_DIR, the working directory."""
    both = settings(WANDB_DIR="/w", PLUTO_DIR="/p")
    assert (both.root("/d"), both.root()) == (Path("/d"), Path("/w"))
    assert (settings(PLUTO_DIR="/p").root(), settings().root()) == (Path("/p"), Path.cwd())


def test_no_url_at_all_means_the_public_cloud() -> None:
    """Without any PLUTO_URL_* the hosted service is meant."""
    assert resolve(settings().urls) == CLOUD


@pytest.mark.parametrize(
    "environ",
    [
        {"PLUTO_URL_API": "http://pluto.lab:3001"},
        {"PLUTO_URL_APP": "http://pluto.lab:3000/", "PLUTO_URL_INGEST": "http://pluto.lab:3003"},
        {"PLUTO_URL_PY": "http://pluto.lab:3004"},
    ],
)
def test_standard_ports_complete_each_other(environ: dict[str, str]) -> None:
    """One host on Pluto's standard ports tells where the rest is."""
    found = resolve(settings(**environ).urls)
    assert [found.app, found.api, found.ingest, found.py] == [
        f"http://pluto.lab:{port}" for port in (3000, 3001, 3003, 3004)
    ]


@pytest.mark.parametrize("port", [3000, 3001, 3003, 3004])
def test_any_url_of_a_server_on_its_standard_ports_tells_the_others(port: int) -> None:
    """The options of the command line take one URL, that of the page as well as that of the API."""
    assert server_at(f"http://pluto.lab:{port}/") == tuple(
        f"http://pluto.lab:{one}" for one in (3000, 3001, 3003, 3004)
    )


def test_another_url_of_a_server_is_that_of_all_its_services() -> None:
    """As with the embedded server, or behind a proxy that tells the services apart by path."""
    assert server_at("https://pluto.corp/").hosts() == ["https://pluto.corp"]
    with pytest.raises(EndpointError, match=r"'pluto\.corp' is not a URL"):
        server_at("pluto.corp")


def test_one_url_for_all_the_others_is_taken_for_the_missing_one() -> None:
    """The three documented variables with one value complete the fourth, which the old page never names."""
    url = "http://127.0.0.1:7480"
    found = resolve(settings(PLUTO_URL_APP=url, PLUTO_URL_API=url, PLUTO_URL_INGEST=url).urls)
    assert found.hosts() == [url]


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        (
            {"PLUTO_URL_API": "https://api.pluto.corp"},
            "PLUTO_URL_APP and PLUTO_URL_INGEST and PLUTO_URL_PY must be set",
        ),
        (
            {"PLUTO_URL_APP": "https://a.x", "PLUTO_URL_API": "https://b.x", "PLUTO_URL_INGEST": "https://c.x"},
            "PLUTO_URL_PY",
        ),
        ({"PLUTO_URL_API": "pluto.corp"}, "PLUTO_URL_API='pluto.corp' is not a URL"),
        ({"PLUTO_URL_API": "http://pluto.corp:abc"}, "PLUTO_URL_API='http://pluto.corp:abc' is not a URL"),
        ({"PLUTO_URL_INGEST": "http://pluto.corp:70000"}, "PLUTO_URL_INGEST='http://pluto.corp:70000' is not a URL"),
        ({"PLUTO_URL_PY": "http://[::1"}, r"PLUTO_URL_PY='http://\[::1' is not a URL"),
        ({"PLUTO_URL_APP": "http:///runs"}, "PLUTO_URL_APP='http:///runs' is not a URL"),
    ],
)
def test_what_cannot_be_derived_is_refused_by_name(environ: dict[str, str], named: str) -> None:
    """A half-configured server of one's own never falls back to the public cloud."""
    with pytest.raises(EndpointError, match=named):
        resolve(settings(**environ).urls)


def test_credentials_are_looked_for_in_the_promised_order(tmp_path: Path) -> None:
    """PLUTO_API_KEY, then WANDB_API_KEY when wandb logging is disabled, then the keyring file."""
    folder = tmp_path / "python_keyring"
    folder.mkdir()
    key = base64.encodebytes(b"mlpi_stored").decode().strip()
    (folder / "keyring_pass.cfg").write_text(f"[pluto]\npluto = \n\t{key}\n")
    environ = {"PLUTO_API_KEY": "mlpi_a", "WANDB_API_KEY": "mlpi_b", "XDG_DATA_HOME": str(tmp_path)}

    def source(wandb_disabled: bool) -> str | None:
        found = credentials.find(wandb_disabled, environ)
        return found and found.source

    assert source(True) == "PLUTO_API_KEY"
    del environ["PLUTO_API_KEY"]
    assert (source(True), source(False)) == ("WANDB_API_KEY", "the keyring of `pluto login`")
    environ["WANDB_API_KEY"] = "0123456789abcdef0123456789abcdef01234567"
    assert source(True) == "the keyring of `pluto login`"


def test_a_wandb_key_is_never_taken_for_a_pluto_key(tmp_path: Path) -> None:
    """What wandb issues does not begin like a Pluto token and so goes nowhere."""
    environ = {"WANDB_API_KEY": "0123456789abcdef0123456789abcdef01234567", "XDG_DATA_HOME": str(tmp_path)}
    assert credentials.find(True, environ) is None


def test_a_credential_hides_its_key() -> None:
    """Neither text form of a credential shows the key."""
    credential = credentials.Credential("PLUTO_API_KEY", "mlpi_secret")
    assert "mlpi_secret" not in f"{credential} {credential!r}"
    assert credential.reveal() == "mlpi_secret"
