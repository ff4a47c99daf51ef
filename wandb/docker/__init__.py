"""The little of Docker that wandb's functions did, by the program `docker`."""

from __future__ import annotations

import shutil
import subprocess

from wandb.errors import Error


class DockerError(Error):
    """`docker` has ended with an error."""

    def __init__(
        self, command_launched: list[str], return_code: int, stdout: bytes | None = None, stderr: bytes | None = None
    ) -> None:
        super().__init__(f"`{' '.join(command_launched)}` ended with {return_code}: {(stderr or b'').decode()}")
        self.command_launched = command_launched
        self.return_code = return_code
        self.stdout = stdout
        self.stderr = stderr


def shell(cmd: list[str]) -> str | None:
    """Return what `docker CMD` prints, or None when it fails."""
    try:
        return subprocess.check_output(["docker", *cmd], stderr=subprocess.STDOUT).decode().strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def is_docker_installed() -> bool:
    """Whether there is a program `docker`."""
    return shutil.which("docker") is not None


def is_buildx_installed() -> bool:
    """Whether `docker` has buildx."""
    return is_docker_installed() and shell(["buildx", "version"]) is not None


def default_image(gpu: bool = False) -> str:
    """Return the image that wandb started in, with or without graphics cards."""
    return f"wandb/deepo:all-{'gpu' if gpu else 'cpu'}"


def parse_repository_tag(repo_name: str) -> tuple[str, str | None]:
    """Return name, and tag or digest, of an image."""
    if "@" in repo_name:
        name, _, digest = repo_name.rpartition("@")
        return name, digest
    name, colon, tag = repo_name.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (repo_name, None)


def parse(image_name: str) -> tuple[str, str, str | None]:
    """Return registry, name, and tag or digest of an image."""
    repository, tag = parse_repository_tag(image_name)
    first, slash, rest = repository.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest, tag
    return "index.docker.io", repository, tag or "latest"


def image_id(image_name: str) -> str | None:
    """Return an image's name with its digest, or None when it is not on this machine."""
    if "@sha256:" in image_name:
        return image_name
    digests = shell(["inspect", image_name, "--format", "{{range .RepoDigests}}{{.}} {{end}}"])
    return digests.split()[0] if digests else None


def image_id_from_registry(image_name: str) -> str | None:
    """Return None: no registry is asked."""
    return None


def run(cmd: list[str]) -> str:
    """Return what a command prints.

    Raises:
        DockerError: it fails.
    """
    done = subprocess.run(cmd, capture_output=True)
    if done.returncode:
        raise DockerError(cmd, done.returncode, done.stdout, done.stderr)
    return done.stdout.decode().strip()


def build(tags: list[str], file: str, context_path: str, platform: str | None = None) -> str:
    """Build an image with buildx, and return what it prints.

    Raises:
        DockerError: it fails.
    """
    options = [word for tag in tags for word in ("-t", tag)]
    options += ["--platform", platform] if platform else []
    return run(["docker", "buildx", "build", "--load", *options, "-f", file, context_path])


def push(reg: str, tag: str) -> str | None:
    """Push an image to a registry; None when it fails."""
    return shell(["push", f"{reg}:{tag}" if tag else reg])


def tag(image_name: str, tag: str) -> str | None:
    """Give an image another name; None when it fails."""
    return shell(["tag", image_name, tag])


def login(username: str, password: str, registry: str) -> str | None:
    """Sign in to a registry; None when it fails. The password goes through standard input."""
    words = ["docker", "login", "--username", username, "--password-stdin", registry]
    done = subprocess.run(words, input=password.encode(), capture_output=True)
    return done.stdout.decode().strip() if done.returncode == 0 else None


def get_image_uid(image_name: str) -> int:
    """Return the number of the user that an image runs as; -1 when it is unknown."""
    found = shell(["run", "--rm", image_name, "id", "-u"])
    return int(found) if found and found.isdigit() else -1
