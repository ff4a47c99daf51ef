"""What `wandb-compat login` remembers, and what wins over it."""

import json
import stat
from pathlib import Path

import pytest

from wandb_compat.config import credentials, local_server, login_choice
from wandb_compat.config.login_choice import DISK, LOCAL, SERVER, Choice
from wandb_compat.config.settings import Settings

URL = "http://127.0.0.1:7481"
KEY = "mlpi_ofthismachine"


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a user who has set nothing, on a machine where the embedded server has run before."""
    variables = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_DATA_HOME": str(tmp_path)}
    for name in (*login_choice.URL_VARIABLES, "PLUTO_API_KEY", "WANDB_API_KEY", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    data = local_server.data_dir()
    data.mkdir(parents=True)
    (data / local_server.ADDRESS_FILE).write_text(json.dumps({"url": URL, "pid": 1}))
    (data / local_server.KEY_FILE).write_text(KEY + "\n")
    return variables


def destination(environ: dict[str, str]) -> tuple[str | None, list[str | None]]:
    """Return key and URLs that a script would use."""
    credential = credentials.find(wandb_disabled=True, environ=environ)
    return credential and credential.reveal(), Settings.read(environ)[0].urls


def test_nothing_is_remembered_at_first(environ: dict[str, str]) -> None:
    """Without the file there is neither a key nor a URL."""
    assert login_choice.read(environ) is None
    assert destination(environ) == (None, [None] * 4)


def test_the_server_of_this_machine(environ: dict[str, str]) -> None:
    """Key and address are those that the server has now."""
    place = Path(login_choice.remember(Choice(LOCAL)))
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert KEY not in place.read_text()
    assert destination(environ) == (KEY, [URL] * 4)


def test_a_server_with_its_urls(environ: dict[str, str]) -> None:
    """The URLs are remembered; the key is in the keyring or in a variable."""
    urls = ("http://h:3000", "http://h:3001", "http://h:3003", "http://h:3004")
    login_choice.remember(Choice(SERVER, urls))
    assert destination({**environ, "PLUTO_API_KEY": "mlpi_other"}) == ("mlpi_other", list(urls))


def test_on_disk(environ: dict[str, str]) -> None:
    """No key is used, a stored one neither."""
    data = Path(environ["XDG_DATA_HOME"], "python_keyring")
    data.mkdir()
    (data / "keyring_pass.cfg").write_text("[pluto]\n")
    assert credentials.find(wandb_disabled=True, environ=environ) is not None
    login_choice.remember(Choice(DISK))
    assert destination(environ) == (None, [None] * 4)


@pytest.mark.parametrize("variable", ["PLUTO_API_KEY", "WANDB_API_KEY"])
def test_a_key_of_another_server_never_goes_to_this_machines(environ: dict[str, str], variable: str) -> None:
    """A key in the environment is not one of the embedded server, so its address is not used with it."""
    login_choice.remember(Choice(LOCAL))
    assert destination({**environ, variable: "mlpi_other"}) == ("mlpi_other", [None] * 4)


@pytest.mark.parametrize("variable", login_choice.URL_VARIABLES)
def test_the_key_of_this_machines_server_never_goes_elsewhere(environ: dict[str, str], variable: str) -> None:
    """URLs in the environment name another server: neither the remembered URLs nor the remembered key are used."""
    login_choice.remember(Choice(LOCAL))
    key, urls = destination({**environ, variable: "http://elsewhere"})
    assert key is None and set(urls) == {None, "http://elsewhere"}


def test_a_new_key_replaces_the_choice(environ: dict[str, str]) -> None:
    """With a new key runs go where that is valid; the URLs of a server are kept."""
    for choice in (Choice(LOCAL), Choice(DISK)):
        login_choice.remember(choice)
        credentials.store("mlpi_stored")
        assert destination(environ) == ("mlpi_stored", [None] * 4)
    login_choice.remember(Choice(SERVER, ("http://h",) * 4))
    credentials.store("mlpi_stored")
    assert destination(environ) == ("mlpi_stored", ["http://h"] * 4)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"kind": 3}', '{"kind": "moon"}', '{"kind": "server", "urls": 3}']
)
def test_a_damaged_file_is_no_choice(environ: dict[str, str], text: str) -> None:
    """It is treated as if it were not there."""
    place = Path(login_choice.path())
    place.parent.mkdir(parents=True)
    place.write_text(text)
    assert login_choice.read(environ) is None
