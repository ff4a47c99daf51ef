# The one list of wandb's public names. Type checkers read it, and so does `__init__.py`: whatever is imported here and
# not there is loaded at its first use.

import os
from collections.abc import Mapping
from pdb import set_trace as set_trace
from typing import Any, Literal

from wandb import agents as agents
from wandb import analytics as analytics
from wandb import apis as apis
from wandb import catboost as catboost
from wandb import cli as cli
from wandb import data_types as data_types
from wandb import docker as docker
from wandb import env as env
from wandb import errors as errors
from wandb import gym as gym
from wandb import integration as integration
from wandb import jupyter as jupyter
from wandb import keras as keras
from wandb import lightgbm as lightgbm
from wandb import plot as plot
from wandb import plots as plots
from wandb import proto as proto
from wandb import sacred as sacred
from wandb import sdk as sdk
from wandb import sdk as wandb_sdk  # noqa: F401
from wandb import sklearn as sklearn
from wandb import tensorboard as tensorboard
from wandb import trigger as trigger
from wandb import util as util
from wandb import wandb_agent as wandb_agent
from wandb import wandb_controller as wandb_controller
from wandb import wandb_run as wandb_run
from wandb import xgboost as xgboost
from wandb.apis.internal import Api as InternalApi  # noqa: F401
from wandb.apis.public import Api as Api
from wandb.apis.public import Api as PublicApi  # noqa: F401
from wandb.errors import CommError as CommError
from wandb.errors import Error as Error
from wandb.errors import UsageError as UsageError
from wandb.errors.term import termerror as termerror
from wandb.errors.term import termlog as termlog
from wandb.errors.term import termsetup as termsetup
from wandb.errors.term import termwarn as termwarn
from wandb.integration import tensorflow as tensorflow
from wandb.integration.sagemaker import sagemaker_auth as sagemaker_auth
from wandb.integration.torch import wandb_torch as wandb_torch
from wandb.jupyter import load_ipython_extension as load_ipython_extension
from wandb.plot import plot_table as plot_table
from wandb.plot import visualize as visualize
from wandb.sdk import lib as wandb_lib  # noqa: F401
from wandb.sdk import wandb_helper as helper  # noqa: F401
from wandb.sdk.artifacts.artifact import Artifact as Artifact
from wandb.sdk.artifacts.artifact_ttl import ArtifactTTL as ArtifactTTL
from wandb.sdk.data_types.audio import Audio as Audio
from wandb.sdk.data_types.eval_table import EvalTable as EvalTable
from wandb.sdk.data_types.graph import Graph as Graph
from wandb.sdk.data_types.helper_types.classes import Classes as Classes
from wandb.sdk.data_types.histogram import Histogram as Histogram
from wandb.sdk.data_types.html import Html as Html
from wandb.sdk.data_types.image import Image as Image
from wandb.sdk.data_types.molecule import Molecule as Molecule
from wandb.sdk.data_types.object_3d import Object3D as Object3D
from wandb.sdk.data_types.object_3d import box3d as box3d
from wandb.sdk.data_types.plotly import Plotly as Plotly
from wandb.sdk.data_types.table import JoinedTable as JoinedTable
from wandb.sdk.data_types.table import Table as Table
from wandb.sdk.data_types.video import Video as Video
from wandb.sdk.internal import profiler as profiler
from wandb.sdk.lib.deprecated_api import DeprecatedApi
from wandb.sdk.lib.deprecated_api import ensure_configured as ensure_configured
from wandb.sdk.wandb_alerts import AlertLevel as AlertLevel
from wandb.sdk.wandb_config import Config as Config
from wandb.sdk.wandb_init import _attach as _attach
from wandb.sdk.wandb_init import attach as attach
from wandb.sdk.wandb_init import init as init
from wandb.sdk.wandb_login import login as login
from wandb.sdk.wandb_require import require as require
from wandb.sdk.wandb_run import Run as Run
from wandb.sdk.wandb_run import finish as finish
from wandb.sdk.wandb_run import join as join
from wandb.sdk.wandb_run import restore as restore
from wandb.sdk.wandb_settings import Settings as Settings
from wandb.sdk.wandb_setup import setup as setup
from wandb.sdk.wandb_setup import teardown as teardown
from wandb.sdk.wandb_summary import Summary as Summary
from wandb.sdk.wandb_sweep import controller as controller
from wandb.sdk.wandb_sweep import sweep as sweep
from wandb.wandb_agent import agent as agent

__version__: str
__all__: tuple[str, ...]
api: DeprecatedApi
patched: dict[str, list[Any]]

# Represent the active run; before `init` and after `finish` they say that none exists.
run: Run | None
config: Config
summary: Summary

def log(
    data: Mapping[str, Any], step: int | None = None, commit: bool | None = None, sync: bool | None = None
) -> None: ...
def save(
    glob_str: str | bytes | os.PathLike[str] | None = None,
    base_path: str | os.PathLike[str] | None = None,
    policy: Literal["live", "now", "end"] = "live",
    glob: bool = True,
) -> bool | list[str]: ...
def alert(*args: Any, **kwargs: Any) -> Any: ...
def define_metric(*args: Any, **kwargs: Any) -> Any: ...
def link_model(
    path: str | os.PathLike[str],
    registered_model_name: str,
    name: str | None = None,
    aliases: list[str] | None = None,
) -> Artifact | None: ...
def log_artifact(
    artifact_or_path: Artifact | str | os.PathLike[str],
    name: str | None = None,
    type: str | None = None,
    aliases: list[str] | None = None,
    tags: list[str] | None = None,
) -> Artifact: ...
def log_model(path: str | os.PathLike[str], name: str | None = None, aliases: list[str] | None = None) -> None: ...
def mark_preempting(*args: Any, **kwargs: Any) -> Any: ...
def pin_config_keys(*args: Any, **kwargs: Any) -> Any: ...
def unwatch(*args: Any, **kwargs: Any) -> Any: ...
def use_artifact(
    artifact_or_name: str | Artifact,
    type: str | None = None,
    aliases: list[str] | None = None,
    use_as: str | None = None,
) -> Artifact: ...
def use_model(name: str) -> str: ...
def watch(*args: Any, **kwargs: Any) -> Any: ...
