"""Small functions that scripts import from wandb; those that fit a topic are in `wandb/_native/values`."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import queue
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, TextIO

from wandb._native.values.docker_images import DOCKER_IMAGE_NAME_SEPARATOR as DOCKER_IMAGE_NAME_SEPARATOR
from wandb._native.values.docker_images import docker_image_regex as docker_image_regex
from wandb._native.values.docker_images import image_from_docker_args as image_from_docker_args
from wandb._native.values.docker_images import image_id_from_k8s as image_id_from_k8s
from wandb._native.values.docker_images import make_docker_image_name_safe as make_docker_image_name_safe
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
from wandb._native.values.names import alias_is_version_index as alias_is_version_index
from wandb._native.values.names import api_to_app_url as api_to_app_url
from wandb._native.values.names import artifact_to_json as artifact_to_json
from wandb._native.values.names import auto_project_name as auto_project_name
from wandb._native.values.names import check_dict_contains_nested_artifact as check_dict_contains_nested_artifact
from wandb._native.values.names import check_windows_valid_filename as check_windows_valid_filename
from wandb._native.values.names import get_local_path_or_none as get_local_path_or_none
from wandb._native.values.names import host_from_path as host_from_path
from wandb._native.values.names import is_uri as is_uri
from wandb._native.values.names import local_file_uri_to_path as local_file_uri_to_path
from wandb._native.values.names import make_artifact_name_safe as make_artifact_name_safe
from wandb._native.values.names import make_file_path_upload_safe as make_file_path_upload_safe
from wandb._native.values.names import parse_artifact_string as parse_artifact_string
from wandb._native.values.names import rand_alphanumeric as rand_alphanumeric
from wandb._native.values.names import random_string as random_string
from wandb._native.values.names import to_forward_slash_path as to_forward_slash_path
from wandb._native.values.names import to_native_slash_path as to_native_slash_path
from wandb._native.values.names import uri_from_path as uri_from_path
from wandb._native.values.sequences import batched as batched
from wandb._native.values.sequences import class_colors as class_colors
from wandb._native.values.sequences import coalesce as coalesce
from wandb._native.values.sequences import downsample as downsample
from wandb._native.values.sequences import has_num as has_num
from wandb._native.values.sequences import remove_keys_with_none_values as remove_keys_with_none_values
from wandb._native.values.sequences import (
    sample_with_exponential_decay_weights as sample_with_exponential_decay_weights,
)
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
app_url = api_to_app_url
np = import_module_lazy("numpy")

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


# Plots and threads


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
