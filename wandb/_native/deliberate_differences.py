"""Where a script sees something else in pluto mode than with wandb on purpose, and why."""

from __future__ import annotations

from typing import NamedTuple


class Difference(NamedTuple):
    """One difference: what the script does, what happens with wandb and in pluto mode, and the reason."""

    what: str
    wandb: str
    pluto: str
    reason: str


DIFFERENCES = (
    Difference(
        "`run.log(..., step=N)` with a step below the last one",
        "drops the row, with a warning",
        "keeps the row",
        "nothing that was logged is lost",
    ),
    Difference(
        "`wandb.init` and a server that is slow or away",
        "waits for the server, 90 s at most",
        "does not wait; the run is created in the background",
        "training does not depend on the network. What the answer decides, `resume=` for one, waits, with a limit",
    ),
    Difference(
        "`run.url` and what is made of it, right after `wandb.init`",
        "known",
        "waits for the server, 5 s at most; then `None`",
        "`wandb.init` has not waited",
    ),
    Difference(
        "names that wandb has dropped, such as `run.get_url`",
        "AttributeError or ImportError",
        "work, or raise an error that names the replacement",
        "old scripts run unchanged",
    ),
    Difference(
        "bool logged as a number",
        "`True` and `False`",
        "1 and 0 in the history, `True` and `False` in the summary",
        "a Pluto metric is a number",
    ),
    Difference(
        "PIL images and figures of bokeh that are not wrapped",
        "raises TypeError",
        "logged as an image and as a file",
        "what can be stored is stored",
    ),
    Difference(
        "text of TensorBoard, with `sync_tensorboard=True`",
        "stays in the event file",
        "a text series of the run as well",
        "what can be stored is stored",
    ),
    Difference(
        "`path` of images, audio, video and other media in the summary",
        "names a file with a digest, `media/images/KEY_STEP_DIGEST.png`",
        "names the file on the server",
        "media are encoded after `log` has returned, so their digest is not known yet",
    ),
    Difference(
        "changing `run.name` once the run is on the server",
        "renames the run",
        "kept in the configuration, where `wandb.Api` reads it",
        "Pluto has no request for it",
    ),
    Difference(
        "messages in the terminal",
        "those of wandb",
        "those of wandb-compat; fewer",
        "they name Pluto's page, journal and commands",
    ),
    Difference(
        "the command `wandb`",
        "a program",
        "`python -m wandb`; `wandb-compat shim` makes the program",
        "two packages that install one file overwrite each other",
    ),
    Difference(
        "Launch, automations, reports, registries, teams",
        "work",
        "raise `wandb.errors.UnsupportedError`, which says what to use instead",
        "Pluto has nothing like it",
    ),
)
