"""Small functions that scripts take from wandb; each stands in the room that it belongs to."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import queue
import random
import re
import secrets
import string
import sys
import tarfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, TextIO
from urllib.parse import unquote, urlsplit

from wandb._native.types import Artifact
from wandb._native.values.json import VALUE_BYTES_LIMIT as VALUE_BYTES_LIMIT
from wandb._native.values.json import JSONEncoderUncompressed as JSONEncoderUncompressed
from wandb._native.values.json import WandBHistoryJSONEncoder as WandBHistoryJSONEncoder
from wandb._native.values.json import WandBJSONEncoder as WandBJSONEncoder
from wandb._native.values.json import WandBJSONEncoderOld as WandBJSONEncoderOld
from wandb._native.values.json import json_dump_safer as json_dump_safer
from wandb._native.values.json import json_dump_uncompressed as json_dump_uncompressed
from wandb._native.values.json import json_dumps_safer as json_dumps_safer
from wandb._native.values.json import json_dumps_safer_history as json_dumps_safer_history
from wandb._native.values.json import json_friendly as json_friendly
from wandb._native.values.json import json_friendly_val as json_friendly_val
from wandb._native.values.json import make_json_if_not_number as make_json_if_not_number
from wandb._native.values.json import make_safe_for_json as make_safe_for_json
from wandb._native.values.json import maybe_compress_history as maybe_compress_history
from wandb._native.values.json import maybe_compress_summary as maybe_compress_summary
from wandb._native.values.sizes import POW_2_BYTES as POW_2_BYTES
from wandb._native.values.sizes import POW_10_BYTES as POW_10_BYTES
from wandb._native.values.sizes import from_human_size as from_human_size
from wandb._native.values.sizes import time_string_to_seconds as time_string_to_seconds
from wandb._native.values.sizes import to_human_size as to_human_size
from wandb._native.values.typenames import ensure_matplotlib_figure as ensure_matplotlib_figure
from wandb._native.values.typenames import get_full_typename as get_full_typename
from wandb._native.values.typenames import get_h5_typename as get_h5_typename
from wandb._native.values.typenames import get_jax_tensor as get_jax_tensor
from wandb._native.values.typenames import guess_data_type as guess_data_type
from wandb._native.values.typenames import is_fastai_tensor_typename as is_fastai_tensor_typename
from wandb._native.values.typenames import is_jax_tensor_typename as is_jax_tensor_typename
from wandb._native.values.typenames import is_matplotlib_typename as is_matplotlib_typename
from wandb._native.values.typenames import is_numpy_array as is_numpy_array
from wandb._native.values.typenames import is_pandas_data_frame as is_pandas_data_frame
from wandb._native.values.typenames import is_pandas_data_frame_typename as is_pandas_data_frame_typename
from wandb._native.values.typenames import is_plotly_figure_typename as is_plotly_figure_typename
from wandb._native.values.typenames import is_plotly_typename as is_plotly_typename
from wandb._native.values.typenames import is_pytorch_tensor as is_pytorch_tensor
from wandb._native.values.typenames import is_pytorch_tensor_typename as is_pytorch_tensor_typename
from wandb._native.values.typenames import is_tf_eager_tensor_typename as is_tf_eager_tensor_typename
from wandb._native.values.typenames import is_tf_tensor as is_tf_tensor
from wandb._native.values.typenames import is_tf_tensor_typename as is_tf_tensor_typename
from wandb._native.values.typenames import matplotlib_contains_images as matplotlib_contains_images
from wandb._native.values.typenames import matplotlib_to_plotly as matplotlib_to_plotly
from wandb.errors import AuthenticationError as AuthenticationError
from wandb.errors import CommError as CommError
from wandb.errors import UsageError as UsageError
from wandb.errors import term as term
from wandb.sdk.lib import filesystem as filesystem
from wandb.sdk.lib import runid as runid
from wandb.sdk.lib.config_util import merge_dicts as merge_dicts
from wandb.sdk.lib.filesystem import are_paths_on_same_drive as are_paths_on_same_drive
from wandb.sdk.lib.filesystem import mkdir_exists_ok as mkdir_exists_ok
from wandb.sdk.lib.json_util import dump as dump
from wandb.sdk.lib.json_util import dumps as dumps
from wandb.sdk.lib.json_util import load as load
from wandb.sdk.lib.json_util import loads as loads
from wandb.sdk.lib.lazyloader import import_module_lazy as import_module_lazy
from wandb.sdk.lib.runid import generate_id as generate_id

MAX_LINE_BYTES = 10383360  # wandb's limit for one line of its file stream
LAUNCH_JOB_ARTIFACT_SLOT_NAME = "_wandb_job"
DOCKER_IMAGE_NAME_SEPARATOR = "(?:__|[._]|[-]+)"
_NAME_LIMIT = 128  # characters of an artifact's name
_ARTIFACT = "wandb-artifact://"

# Modules


def get_module(name: str, required: str | bool | None = None, lazy: bool = True) -> Any:
    """Import a module by name.

    Args:
        name: dotted name.
        required: the sentence of the error if it is missing.
        lazy: accepted.

    Returns:
        The module, or None when it is missing and not required.

    Raises:
        wandb.Error: it is missing and required.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        if not required:
            return None
        from wandb.errors import Error

        raise Error(required if isinstance(required, str) else f"{name} is required") from error


def get_optional_module(name: str) -> Any:
    """Return a module, or None when it is not installed."""
    return get_module(name)


def vendor_setup() -> Callable[[], None]:
    """Return a function that does nothing: no libraries travel with this package."""
    return lambda: None


def vendor_import(name: str) -> Any:
    """Import a module that wandb used to bring along; it must be installed."""
    return importlib.import_module(name)


def add_import_hook(fullname: str, on_import: Callable[[], Any]) -> None:
    """Call a function when a module is imported, at once if it is already."""
    from wandb.sdk.lib.import_hooks import when_imported

    when_imported(fullname, lambda module: on_import())


class InstalledDistribution(NamedTuple):
    """An installed package."""

    key: str
    version: str


def working_set() -> Iterator[InstalledDistribution]:
    """Yield the installed packages."""
    for found in importlib.metadata.distributions():
        if name := found.metadata["Name"]:
            yield InstalledDistribution(name, found.version)


# Names, ids and paths


def make_artifact_name_safe(name: str) -> str:
    """Return a name with everything that an artifact's name may not have replaced by `_`, 128 characters at most."""
    safe = re.sub(r"[^a-zA-Z0-9_\-.]", "_", name)
    if len(safe) <= _NAME_LIMIT:
        return safe
    half = _NAME_LIMIT // 2 - 1
    return f"{safe[:half]}..{safe[-half:]}"


def make_docker_image_name_safe(name: str) -> str:
    """Return a name that Docker takes for an image."""
    safe = re.sub(rf"{DOCKER_IMAGE_NAME_SEPARATOR}{{2,}}", "__", re.sub(r"[^a-z0-9_\-.]", "__", name.lower()))
    return re.sub(r"^[^a-z0-9]+|[^a-z0-9]+$", "", safe)


def make_file_path_upload_safe(path: str) -> str:
    """Return a path of this system as one of a URL."""
    return to_forward_slash_path(path)


def rand_alphanumeric(length: int = 8, rand: Any = None) -> str:
    """Return random upper-case hexadecimal digits."""
    return "".join((rand or random).choice("0123456789ABCDEF") for _ in range(length))


def random_string(length: int = 12) -> str:
    """Return random lower-case letters and digits."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(length))


def auto_project_name(program: str | None) -> str:
    """Return the project of runs that name none."""
    return "uncategorized"


def alias_is_version_index(alias: str) -> bool:
    """Whether an alias is a version, such as `v3`."""
    return re.fullmatch(r"v\d+", alias) is not None


def parse_artifact_string(v: str) -> tuple[str, str | None, bool]:
    """Return name or id of an artifact, its server, and whether it is an id, of a `wandb-artifact://` address.

    Raises:
        ValueError: it is another address.
    """
    if not v.startswith(_ARTIFACT):
        raise ValueError(f"Invalid artifact string: {v}")
    rest = v.removeprefix(_ARTIFACT)
    base = None
    if found := re.match(r"(https?://[^/]+)/(.+)", rest):
        base, rest = found[1], found[2]
    if rest.startswith("_id/"):
        return rest.removeprefix("_id/"), base, True
    if rest.count("/") != 2:
        raise ValueError(f"Invalid artifact string: {v}")
    return rest, base, False


def artifact_to_json(artifact: Any) -> dict[str, Any]:
    """Return how the configuration names an artifact."""
    return {
        "_type": "artifactVersion",
        "_version": "v0",
        "id": artifact.id,
        "version": artifact.source_version,
        "sequenceName": artifact.source_name.split(":")[0],
        "usedAs": artifact.use_as,
    }


def check_dict_contains_nested_artifact(d: Mapping[str, Any], nested: bool = False) -> bool:
    """Whether an artifact is below the first level of a dict."""
    for value in d.values():
        if isinstance(value, Mapping):
            if check_dict_contains_nested_artifact(value, nested=True):
                return True
        elif nested and (isinstance(value, Artifact) or (isinstance(value, str) and value.startswith(_ARTIFACT))):
            return True
    return False


def is_uri(string: str) -> bool:
    """Whether a text begins with a scheme such as `s3://`."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.\-]+://", string) is not None


def host_from_path(path: str | None) -> str:
    """Return the host of a URL."""
    return urlsplit(path or "").netloc


def uri_from_path(path: str | None) -> str:
    """Return the path of a URL without its first slash."""
    return urlsplit(path or "").path.removeprefix("/")


def local_file_uri_to_path(uri: str) -> str:
    """Return the path that a `file:` URL names; a path stays as it is."""
    return unquote(urlsplit(uri).path) if uri.startswith("file:") else uri


def get_local_path_or_none(path_or_uri: str) -> str | None:
    """Return a path, or that of a `file:` URL, or None for other URLs."""
    if is_uri(path_or_uri) and not path_or_uri.startswith("file:"):
        return None
    if path_or_uri.startswith("file:") and urlsplit(path_or_uri).netloc not in ("", "localhost"):
        return None  # a file of another machine
    return local_file_uri_to_path(path_or_uri)


def to_forward_slash_path(path: str) -> str:
    """Return a path of this system with `/`."""
    return path.replace("\\", "/") if os.name == "nt" else path


def to_native_slash_path(path: str) -> str:
    """Return a path with this system's separator."""
    return path.replace("/", os.sep)


def check_windows_valid_filename(path: int | str) -> bool:
    """Whether Windows takes a file name."""
    return not re.search(r'[<>:"\\?*]', str(path))


def api_to_app_url(api_url: str) -> str:
    """Return the URL of the server's pages for its API's URL: WANDB_APP_URL, else with the host `app.` for `api.`."""
    return os.environ.get("WANDB_APP_URL", api_url.replace("://api.", "://app.", 1)).rstrip("/")


app_url = api_to_app_url

# Terminals and files


def isatty(ob: IO[Any]) -> bool:
    """Whether a stream is a terminal."""
    return hasattr(ob, "isatty") and ob.isatty()


def is_unicode_safe(stream: TextIO) -> bool:
    """Whether a stream takes UTF-8."""
    return (getattr(stream, "encoding", None) or "").lower() in ("utf-8", "utf_8")


def prompt_choices(choices: Sequence[str], input_timeout: float | None = None) -> str:
    """Let the user choose one of several; a single one needs no question.

    Raises:
        NotATerminalError: no one can answer.
        TimeoutError: no one has answered within `input_timeout` seconds.
    """
    if len(choices) == 1:
        return choices[0]
    for number, choice in enumerate(choices, 1):
        term.termlog(f"({number}) {choice}")
    while True:
        answer = term.terminput("Enter your choice: ", timeout=input_timeout)
        if answer.isdigit() and 1 <= int(answer) <= len(choices):
            return choices[int(answer) - 1]
        term.termwarn("Invalid choice")


@contextmanager
def fsync_open(path: str | os.PathLike[str], mode: str = "w", encoding: str | None = None) -> Iterator[IO[Any]]:
    """Open a file whose content is on disk at the end of the block."""
    with Path(path).open(mode, encoding=encoding) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def make_tarfile(
    output_filename: str, source_dir: str, archive_name: str, custom_filter: Callable[[Any], Any] | None = None
) -> None:
    """Pack a folder with gzip; files carry no time, so that the same content gives the same file."""

    def timeless(info: tarfile.TarInfo) -> Any:
        info.mtime = 0
        return custom_filter(info) if custom_filter else info

    import gzip

    with (
        Path(output_filename).open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        archive.add(source_dir, arcname=archive_name, filter=timeless)


def load_yaml(file: Any) -> Any:
    """Return what a YAML file says."""
    import yaml

    return yaml.safe_load(file)


def load_json_yaml_dict(config: str) -> Any:
    """Return the dict of a JSON text or of the file at a path ending in `json`, `yaml` or `yml`; None for neither."""
    if config.endswith((".json", ".yaml", ".yml")):
        with Path(config).open(encoding="utf-8") as file:
            return json.load(file) if config.endswith(".json") else load_yaml(file)
    try:
        return json.loads(config)
    except ValueError:
        return None


def find_runner(program: str) -> list[str] | None:
    """Return the command that runs a script, or None when it needs none."""
    path = Path(program)
    if path.exists() and not os.access(path, os.X_OK):
        if path.suffix == ".py":
            return [sys.executable]
        with path.open(encoding="utf-8", errors="replace") as file:
            first = file.readline().strip()
        return first.removeprefix("#!").split() if first.startswith("#!") else None
    return None


def check_and_warn_old(files: Sequence[str]) -> bool:
    """Whether files are those of a run of wandb before 0.10, with a warning."""
    if "wandb-metadata.json" not in files:
        return False
    term.termwarn("These runs were logged with a wandb before 0.10; `wandb sync` of such a version can send them.")
    return True


# Options of `docker run` without a value.
_DOCKER_FLAGS = re.compile(
    r"-[ditP]+|--(?:detach|init|interactive|no-healthcheck|oom-kill-disable|privileged|publish-all|quiet|read-only|rm"
    r"|sig-proxy|tty|help)"
)


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


def parse_tfjob_config() -> Any:
    """Return the cluster of TF_CONFIG, or False when none exists."""
    try:
        return json.loads(os.environ["TF_CONFIG"])
    except (KeyError, ValueError):
        return False


def parse_backend_error_messages(response: Any) -> list[str]:
    """Return the sentences of a server's answer about errors."""
    try:
        answer = response.json()
    except ValueError:
        return []
    errors = answer.get("errors", [answer.get("error")]) if isinstance(answer, dict) else []
    messages = [error.get("message") if isinstance(error, dict) else error for error in errors or ()]
    return [message for message in messages if isinstance(message, str)]


# Sequences, dicts and threads


def has_num(dictionary: Mapping[Any, Any], key: Any) -> bool:
    """Whether a dict holds a number under a key."""
    return isinstance(dictionary.get(key), (int, float)) and not isinstance(dictionary.get(key), bool)


def coalesce(*arg: Any) -> Any:
    """Return the first argument that is not None, or None."""
    return next((one for one in arg if one is not None), None)


def batched(n: int, iterable: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield lists of `n` items, the last one of what is left."""
    batch = []
    for item in iterable:
        batch.append(item)
        if len(batch) == n:
            yield batch
            batch = []
    if batch:
        yield batch


def remove_keys_with_none_values(d: Any) -> Any:
    """Return a dict without the keys whose value is None, at any depth."""
    if not isinstance(d, dict):
        return d
    return {key: remove_keys_with_none_values(value) for key, value in d.items() if value is not None}


def downsample(values: Sequence[Any], target_length: int) -> list[Any]:
    """Return so many of the values, the first and the last among them, at even distances.

    Raises:
        wandb.UsageError: `target_length` is less than 2.
    """
    if target_length < 2:
        raise UsageError(f"target_length must be at least 2, it is {target_length}")
    if len(values) <= target_length:
        return list(values)
    ratio = (len(values) - 1) / (target_length - 1)
    return [values[int(position * ratio)] for position in range(target_length)]


def class_colors(class_count: int) -> list[Any]:
    """Return a colour a class: black, then hues at even distances, as fractions of red, green and blue."""
    import colorsys

    hues = class_count - 1
    return [[0, 0, 0], *(colorsys.hsv_to_rgb(number / hues, 1.0, 1.0) for number in range(hues))]


def sample_with_exponential_decay_weights(
    xs: Iterable[Any], ys: Iterable[Any], keys: Iterable[Any] | None = None, sample_size: int = 1500
) -> tuple[list[Any], list[Any], list[Any] | None]:
    """Return a random sample of series in which early ones are likelier."""
    import numpy

    firsts, seconds = numpy.array(list(xs)), numpy.array(list(ys))
    weights = numpy.exp(-numpy.arange(len(firsts)) / len(firsts))
    chosen = numpy.random.choice(len(firsts), size=sample_size, p=weights / weights.sum())
    names = numpy.array(list(keys))[chosen].tolist() if keys is not None else None
    return firsts[chosen].tolist(), seconds[chosen].tolist(), names


def convert_plots(obj: Any) -> Any:
    """Return a matplotlib figure as a plotly one, and a plotly figure as wandb's JSON; anything else as it is."""
    name = get_full_typename(obj)
    if is_matplotlib_typename(name):
        obj, name = matplotlib_to_plotly(obj), "plotly.Figure"
    if is_plotly_typename(name):
        return {"_type": "plotly", "plot": obj.to_plotly_json()}
    return obj


def read_many_from_queue(q: queue.Queue[Any], max_items: int, queue_timeout: float) -> list[Any]:
    """Return what a queue holds, after waiting so many seconds for the first item."""
    items: list[Any] = []
    try:
        items.append(q.get(True, queue_timeout))
        while len(items) < max_items:
            items.append(q.get_nowait())
    except queue.Empty:
        pass
    return items


def async_call(target: Callable[..., Any], timeout: float | None = None) -> Callable[..., Any]:
    """Return a function that calls another in a thread and returns its result and the thread.

    The result is None when the call takes longer than `timeout` seconds. What the call raises is raised.
    """

    def call(*args: Any, **kwargs: Any) -> tuple[Any, threading.Thread]:
        done: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue()

        def work() -> None:
            try:
                done.put((target(*args, **kwargs), None))
            except Exception as error:
                done.put((None, error))

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            result, error = done.get(True, timeout)
        except queue.Empty:
            return None, thread
        if error is not None:
            raise error
        return result, thread

    return call
