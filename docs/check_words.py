"""Counts words that a reader from another country has to look up twice, in code, tests and documentation.

`make check` runs it and fails when there are more than LIMIT. `--list` shows each place.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMIT = 19
FILES = ("*.py", "*.pyi", "*.md", "*.js", "*.html", "*.toml", "*.yml", "Makefile", ".ci/run")

# Each with what to write instead.
AVOID = {
    r"told": "notified, reported, answered",
    r"said": "reported, printed, stated",
    r"hear|heard": "receive",
    r"nobody|somebody|whoever": "the person or process that is meant",
    r"dear": "expensive",
    r"stands for|stand for|lies in|lies on|lies at|lies below|lies beside": "is",
    r"of its own|of their own|of his own": "its own, separate",
    r"is no(?! (?:longer|more)\b)|is none|are none": "is not, has no",
    r"without more": "immediately",
    r"to be had": "available",
    r"at it": "name the activity",
    r"takes? the place": "replaces",
    r"a word of": "one line about",
    r"courier": "uploader",
    r"sunset": "wandb logging is disabled",
}
# In what users read, also these.
AVOID_IN_DOCS = {r"river": "data flow", r"mirror(?:ed|s)?": "dual mode, copied"}

# Lines that must be as they are, and why.
ALLOWED = {
    r"post_sunset": "the name of a setting that journals already hold",
    r"courier\.(log|lock|json)|courier-": "files of old run directories, which must still be read",
    r"logs?/courier|\"courier\"": "the same",
}


def places() -> list[tuple[str, int, str, str]]:
    """Return file, line, word and text of every place, in the order of files."""
    listed = subprocess.run(["git", "ls-files", "-z", *FILES], cwd=ROOT, capture_output=True, text=True, check=True)
    everywhere = re.compile(rf"\b(?:{'|'.join(AVOID)})\b", re.IGNORECASE)
    in_docs = re.compile(rf"\b(?:{'|'.join({**AVOID, **AVOID_IN_DOCS})})\b", re.IGNORECASE)
    allowed = re.compile("|".join(ALLOWED), re.IGNORECASE)
    found = []
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if not name or path == Path(__file__) or not path.exists() or "/vendor/" in name:
            continue
        pattern = in_docs if path.suffix == ".md" else everywhere
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for match in pattern.finditer(line):
                # `x is None` is Python, "there is no" is plain English.
                if match[0] == "is None" or (match[0] == "is no" and line[: match.start()].lower().endswith("there ")):
                    continue
                if not allowed.search(line):
                    found.append((name, number, match[0], line.strip()))
    return found


def main() -> int:
    """Print what was found and return 1 when it is too much."""
    found = places()
    if "--list" in sys.argv:
        for name, number, word, line in found:
            print(f"{name}:{number}: {word}: {line[:140]}")
    if len(found) <= LIMIT:
        return 0
    most = ", ".join(
        f"{word} {count}" for word, count in Counter(word.lower() for _, _, word, _ in found).most_common(8)
    )
    print(f"{len(found)} words to avoid, at most {LIMIT} are accepted ({most}).", file=sys.stderr)
    print(
        "`python docs/check_words.py --list` shows them, docs/check_words.py has what to write instead.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
