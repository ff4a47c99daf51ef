"""Classes that wandb has are found where wandb defines them, whichever file of ours they are in: pickles name that."""

import importlib
import pickle

import pytest

import wandb

CLASSES = {
    "wandb.apis.public.api": "Api",
    "wandb.apis.public.artifacts": "Artifacts ArtifactCollection ArtifactCollections ArtifactType ArtifactTypes",
    "wandb.apis.public.files": "File Files",
    "wandb.apis.public.projects": "Project Projects",
    "wandb.sdk.artifacts.artifact": "Artifact",
    "wandb.sdk.artifacts.artifact_ttl": "ArtifactTTL",
    "wandb.sdk.data_types.audio": "Audio",
    "wandb.sdk.data_types.base_types.media": "Media BatchableMedia",
    "wandb.sdk.data_types.base_types.wb_value": "WBValue",
    "wandb.sdk.data_types.bokeh": "Bokeh",
    "wandb.sdk.data_types.eval_table.eval_table": "EvalTable",
    "wandb.sdk.data_types.graph": "Graph Node",
    "wandb.sdk.data_types.helper_types.bounding_boxes_2d": "BoundingBoxes2D",
    "wandb.sdk.data_types.helper_types.classes": "Classes _ClassesIdType",
    "wandb.sdk.data_types.helper_types.image_mask": "ImageMask",
    "wandb.sdk.data_types.histogram": "Histogram",
    "wandb.sdk.data_types.html": "Html",
    "wandb.sdk.data_types.image": "Image _ImageFileType",
    "wandb.sdk.data_types.molecule": "Molecule",
    "wandb.sdk.data_types.object_3d": "Object3D",
    "wandb.sdk.data_types.plotly": "Plotly",
    "wandb.sdk.data_types.table": "Table JoinedTable PartitionedTable _TableKey _TableIndex _TableLinkMixin _TableType"
    " _PrimaryKeyType _ForeignKeyType _ForeignIndexType",
    "wandb.sdk.data_types.trace_tree": "WBTraceTree",
    "wandb.sdk.data_types.video": "Video",
    "wandb.sdk.wandb_alerts": "AlertLevel",
    "wandb.sdk.wandb_config": "Config",
    "wandb.sdk.wandb_metric": "Metric",
    "wandb.sdk.wandb_run": "Run",
    "wandb.sdk.wandb_settings": "Settings",
    "wandb.sdk.wandb_summary": "Summary SummarySubDict",
}


@pytest.mark.parametrize(("module", "name"), [(module, name) for module in CLASSES for name in CLASSES[module].split()])
def test_a_class_is_at_its_path(module: str, name: str) -> None:
    """`__module__` and `__qualname__` lead to the class, as pickle, `inspect` and tracebacks expect."""
    found = getattr(importlib.import_module(module), name)
    assert (found.__module__, found.__qualname__) == (module, name)
    assert pickle.loads(pickle.dumps(found)) is found


def test_a_table_with_keys_pickles() -> None:
    """Its cells are of classes in another file of ours."""
    table = wandb.Table(columns=["id", "value"], data=[["a", 1], ["b", 2]])
    table.set_pk("id")
    copy = pickle.loads(pickle.dumps(table))
    assert copy.columns == table.columns and copy.data == table.data
    assert type(copy.data[0][0]).__name__ == "_TableKey"
