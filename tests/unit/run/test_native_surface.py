"""`import wandb` gives every name of wandb 0.31 at its place, quickly, and each as something that says what it is."""

import importlib
import re
import sys
from pathlib import Path

import pytest

import wandb
from tests.helpers.large_library import needs
from wandb._native import lazy

TOP_LEVEL = """
AlertLevel Api Artifact ArtifactTTL Audio Classes CommError Config Error EvalTable Graph Histogram Html Image
JoinedTable Molecule Object3D Plotly Run Settings Table UsageError Video __version__ agent agents alert analytics
api apis attach box3d catboost config controller data_types define_metric ensure_configured env errors finish gym
helper init integration join jupyter keras lightgbm link_model log log_artifact log_model login mark_preempting
patched pin_config_keys plot plot_table profiler proto require restore run sacred sagemaker_auth save sdk setup
sklearn summary sweep teardown tensorboard tensorflow termerror termlog termsetup termwarn trigger unwatch
use_artifact use_model util visualize wandb_agent wandb_lib wandb_sdk wandb_torch watch xgboost
"""

MODULES = """
wandb.wandb_run wandb.sdk.wandb_run wandb.sdk.wandb_init wandb.sdk.wandb_config wandb.sdk.wandb_settings
wandb.sdk.wandb_summary wandb.sdk.wandb_login wandb.sdk.wandb_setup wandb.sdk.wandb_alerts wandb.sdk.wandb_helper
wandb.sdk.wandb_require wandb.sdk.lib wandb.sdk.lib.disabled wandb.sdk.lib.noop_run wandb.sdk.lib.runid
wandb.sdk.lib.config_util wandb.sdk.lib.printer wandb.sdk.lib.wbauth wandb.sdk.lib.preinit wandb.sdk.lib.run_moment
wandb.sdk.lib.deprecated_api wandb.sdk.data_types.audio wandb.sdk.data_types.image wandb.sdk.data_types.video
wandb.sdk.data_types.html wandb.sdk.data_types.histogram wandb.sdk.data_types.object_3d
wandb.sdk.data_types.molecule wandb.sdk.data_types.plotly wandb.sdk.data_types.bokeh wandb.sdk.data_types.graph
wandb.sdk.data_types.table wandb.sdk.data_types.trace_tree wandb.sdk.data_types.base_types.media
wandb.sdk.data_types.base_types.wb_value wandb.sdk.data_types.helper_types.bounding_boxes_2d
wandb.sdk.data_types.helper_types.classes wandb.sdk.data_types.helper_types.image_mask wandb.sdk.artifacts.artifact
wandb.util wandb.env wandb.errors wandb.errors.errors wandb.errors.term wandb.data_types wandb.plot wandb.apis
wandb.apis.public wandb.integration.weave
"""

# Unguarded in transformers, Lightning, Ray, lm-eval, composer, dagster-wandb, inspect_wandb, diffusion_policy.
DEEP_NAMES = """
wandb.wandb_run.Run wandb.sdk.lib.RunDisabled wandb.sdk.lib.disabled.RunDisabled
wandb.sdk.lib.config_util.ConfigError wandb.sdk.data_types.base_types.wb_value.WBValue
wandb.sdk.data_types.image.Image wandb.sdk.data_types.video.Video wandb.sdk.data_types.video.util.generate_id
wandb.util.json_dumps_safer wandb.util.generate_id wandb.util.make_artifact_name_safe wandb.errors.CommError
wandb.errors.UsageError wandb.env.MODE wandb.env.API_KEY wandb.env.BASE_URL wandb.env.set_project
wandb.env.set_entity wandb.sdk.lib.printer.new_printer wandb.sdk.lib.wbauth.read_netrc_auth wandb.data_types.WBValue
wandb.integration.weave.active_run_path wandb.sdk.lib.runid.generate_id wandb.sdk.wandb_init.init
wandb.wandb_sdk.wandb_run.Run wandb.apis.public.Runs
"""


@pytest.mark.parametrize("name", TOP_LEVEL.split())
def test_each_public_name_of_wandb_is_there(name: str) -> None:
    """Every name that wandb 0.31 has at the top can be read from the module."""
    if name == "wandb_torch":
        pytest.importorskip("torch")
    assert hasattr(wandb, name)


def test_all_names_can_be_imported_with_a_star() -> None:
    """`from wandb import *` finds every name of `__all__`."""
    names: dict[str, object] = {}
    exec("from wandb import *", names)
    assert set(wandb.__all__) <= names.keys()


@pytest.mark.parametrize("module", MODULES.split())
def test_each_submodule_can_be_imported(module: str) -> None:
    """The modules that other projects import exist at wandb's paths."""
    assert importlib.import_module(module).__name__ == module


@pytest.mark.parametrize("path", DEEP_NAMES.split())
def test_each_deep_name_is_where_other_projects_look_for_it(path: str) -> None:
    """Names that integrations import without a guard are found below `wandb`."""
    thing: object = wandb
    for part in path.split(".")[1:]:
        thing = getattr(thing, part, None) or importlib.import_module(f"{thing.__name__}.{part}")  # type: ignore[attr-defined]
    assert thing is not None


@needs("torch")
def test_the_stub_and_the_module_agree() -> None:
    """Every name of the stub can be had from the module, and every public name of the module is in the stub."""
    stub = Path(wandb.__file__).with_suffix(".pyi").read_text()
    declared = {*lazy.names(), *re.findall(r"^(?:def )?(\w+)(?:: |\()", stub, re.MULTILINE)}
    assert [name for name in declared if not hasattr(wandb, name)] == []
    modules = {
        name for name in vars(wandb) if f"wandb.{name}" in sys.modules
    }  # importing a submodule makes it an attribute
    own = (
        {name for name in vars(wandb) if not name.startswith("_")}
        - modules
        - {
            "annotations",
            "Any",
            "before_init",
            "DeprecatedApi",
        }
    )
    assert own - declared == set()


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Feature probes such as `hasattr(wandb, "nope")` say no."""
    assert not hasattr(wandb, "nope")


def test_one_run_class_at_all_paths() -> None:
    """Whatever path a library takes to the run class, `isinstance` means the same."""
    assert wandb.Run is wandb.wandb_run.Run is wandb.sdk.wandb_run.Run is wandb.wandb_sdk.wandb_run.Run
    assert wandb.data_types.Image is wandb.Image is wandb.sdk.data_types.image.Image
    assert issubclass(wandb.Image, wandb.data_types.WBValue)
    assert wandb.Api is wandb.apis.public.Api


METHODS = """
alert define_metric link_model log log_artifact log_model mark_preempting pin_config_keys save unwatch use_artifact
use_model watch
"""


@pytest.mark.parametrize("name", METHODS.split())
def test_calls_before_init_say_that_it_is_missing(name: str) -> None:
    """`wandb.log` and its kin raise wandb.Error before `init`, in wandb's words."""
    with pytest.raises(wandb.Error, match=re.escape(f"You must call wandb.init() before wandb.{name}()")):
        getattr(wandb, name)({})


def test_objects_before_init_say_that_it_is_missing() -> None:
    """`wandb.config` and `wandb.summary` are true before `init`, and every use of them raises wandb.Error."""
    assert wandb.run is None and bool(wandb.config) and wandb.finish() is None
    with pytest.raises(wandb.Error, match=re.escape("You must call wandb.init() before wandb.config.x")):
        _ = wandb.config.x
    with pytest.raises(wandb.Error, match=re.escape("You must call wandb.init() before wandb.config['x']")):
        wandb.config["x"] = 1
    with pytest.raises(wandb.Error, match=re.escape("You must call wandb.init() before wandb.summary['x']")):
        _ = wandb.summary["x"]
    with pytest.raises(wandb.Error, match=re.escape("You must call wandb.init() before wandb.config.update")):
        wandb.config.update({})
    with pytest.raises(ValueError, match=re.escape("run_path required when calling wandb.restore before wandb.init")):
        wandb.restore("x")


def test_module_attributes_are_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of users set and delete `wandb.run`, `wandb.log`… like any attribute."""
    monkeypatch.setattr("wandb.run", object())
    monkeypatch.setattr("wandb.log", lambda data: data)
    assert wandb.log({"a": 1}) == {"a": 1}
    monkeypatch.delattr("wandb.init")
    assert not hasattr(wandb, "init")


def test_the_version_is_that_of_the_wandb_whose_api_this_is() -> None:
    """Integrations compare it, and split it into integers."""
    assert [int(part) for part in wandb.__version__.split(".")] == [0, 31, 0]


def test_small_functions_that_scripts_take() -> None:
    """`generate_id`, `json_dumps_safer`, `make_artifact_name_safe` and `require` do what they did."""
    assert re.fullmatch(r"[a-z0-9]{8}", wandb.util.generate_id())
    assert len(wandb.sdk.lib.runid.generate_id(12)) == 12
    import numpy

    assert wandb.util.json_dumps_safer({"a": numpy.float32(1), "b": {1}}) == '{"a":1.0,"b":[1]}'
    with pytest.raises(TypeError):
        wandb.util.json_dumps_safer(object())
    assert wandb.util.make_artifact_name_safe("a b/c") == "a_b_c"
    assert len(wandb.util.make_artifact_name_safe("x" * 500)) <= 128
    wandb.require("service")
    wandb.require("core")
    with pytest.raises(wandb.errors.UnsupportedError, match="zz"):
        wandb.require("zz")
    assert wandb.sdk.lib.RunDisabled().anything is None
    wandb.sdk.lib.printer.new_printer().display("hello")


def test_the_environment_module_names_and_sets_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """`os.environ[wandb.env.MODE]` and `wandb.env.set_project` reach the next run."""
    environ: dict[str, str] = {}
    wandb.env.set_project("p", environ)
    wandb.env.set_entity("e", environ)
    assert environ == {"WANDB_PROJECT": "p", "WANDB_ENTITY": "e"}
    assert wandb.env.MODE == "WANDB_MODE"
    monkeypatch.setenv(wandb.env.MODE, "dryrun")
    assert wandb.init().offline
