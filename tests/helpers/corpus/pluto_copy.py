"""Whether Pluto has of a script's runs what wandb has recorded, by `wandb-compat compare`."""

import re

from tests.helpers.corpus.run_sides import Side
from wandb_compat.cli.compare_runs import compare

# By script, what of the comparison is known to differ (regular expressions for part and name), and why.
KNOWN: dict[str, list[tuple[str, str]]] = {
    "odd_values": [
        (
            "(numbers|texts and histograms) (decimal|fraction).*",
            "these are numbers in Pluto, and wandb keeps their text",
        ),
        ("(numbers|texts and histograms) enum.*", "a number in Pluto as in newer releases; wandb 0.18 keeps its text"),
    ],
    "fork_and_rewind": [("numbers a at step 0", "offline, wandb 0.18 counts on from 0, whatever the branch")],
}


def missing(side: Side, script: str, project: str) -> list[str]:
    """Return in words what differs of each run of a side that is not known to differ."""
    found, seen = [], set()
    for folder in side.runs:
        names = {file.name for file in folder.glob("run-*.wandb")}
        # A run that was resumed: its folders are compared together. An id with a slash, which wandb 0.18 takes, makes
        # folders in which no run is looked for.
        if names <= seen:
            continue
        seen |= names
        for part, findings in compare(folder, project).parts.items():
            for one in findings.differences:
                text = f"{part} {one.what}"
                if not any(re.fullmatch(pattern, text) for pattern, _ in KNOWN.get(script, ())):
                    found.append(f"{folder.name}: {text}: wandb has {one.wandb}, Pluto {one.pluto} ({one.steps})")
    return found
