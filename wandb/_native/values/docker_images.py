"""Names of Docker images, and the image in the arguments of `docker run`."""

from __future__ import annotations

import re
from collections.abc import Sequence

DOCKER_IMAGE_NAME_SEPARATOR = "(?:__|[._]|[-]+)"
# Options of `docker run` without a value.
_DOCKER_FLAGS = re.compile(
    r"-[ditP]+|--(?:detach|init|interactive|no-healthcheck|oom-kill-disable|privileged|publish-all|quiet|read-only|rm"
    r"|sig-proxy|tty|help)"
)


def make_docker_image_name_safe(name: str) -> str:
    """Return a name that Docker takes for an image."""
    safe = re.sub(rf"{DOCKER_IMAGE_NAME_SEPARATOR}{{2,}}", "__", re.sub(r"[^a-z0-9_\-.]", "__", name.lower()))
    return re.sub(r"^[^a-z0-9]+|[^a-z0-9]+$", "", safe)


def image_from_docker_args(args: Sequence[str]) -> str | None:
    """Return the image in the arguments of `docker run`, or None: the first word that is not an option nor its
    value."""
    words = [word for word in args if word not in ("run",)]
    for position, word in enumerate(words):
        before = words[position - 1] if position else ""
        alone = not before.startswith("-") or "=" in before or _DOCKER_FLAGS.fullmatch(before)
        if not word.startswith("-") and alone and docker_image_regex(word):
            return word
    return None


def docker_image_regex(image: str) -> re.Match[str] | None:
    """Return registry, name, tag and digest of an image as groups of a match, or None for what names no image."""
    part = rf"[a-z0-9]+(?:{DOCKER_IMAGE_NAME_SEPARATOR}[a-z0-9]+)*"
    host = r"(?:(?=[^:/]{1,253})(?!-)[a-zA-Z0-9-]{1,63}(?<!-)(?:\.[a-zA-Z0-9-]{1,63})*(?::\d{1,5})?/)?"
    return re.fullmatch(
        rf"({host})({part}(?:/{part})*)(?::([A-Za-z0-9][A-Za-z0-9.\-_]{{0,127}}))?(?:@(sha256:[A-Fa-f0-9]{{64}}))?",
        image,
    )


def image_id_from_k8s() -> str | None:
    """Return None: the pod's image is not looked up."""
    return None
