"""Every type of value, in one place."""

from wandb._native.tables.keys import _ForeignIndexType as _ForeignIndexType
from wandb._native.tables.keys import _ForeignKeyType as _ForeignKeyType
from wandb._native.tables.keys import _PrimaryKeyType as _PrimaryKeyType
from wandb.sdk.data_types.audio import Audio
from wandb.sdk.data_types.base_types.media import BatchableMedia, Media
from wandb.sdk.data_types.base_types.wb_value import WBValue
from wandb.sdk.data_types.bokeh import Bokeh
from wandb.sdk.data_types.eval_table import EvalTable
from wandb.sdk.data_types.graph import Graph, Node
from wandb.sdk.data_types.helper_types.bounding_boxes_2d import BoundingBoxes2D
from wandb.sdk.data_types.helper_types.classes import Classes
from wandb.sdk.data_types.helper_types.classes import _ClassesIdType as _ClassesIdType
from wandb.sdk.data_types.helper_types.image_mask import ImageMask
from wandb.sdk.data_types.histogram import Histogram
from wandb.sdk.data_types.html import Html
from wandb.sdk.data_types.image import Image
from wandb.sdk.data_types.molecule import Molecule
from wandb.sdk.data_types.object_3d import Object3D, box3d
from wandb.sdk.data_types.plotly import Plotly
from wandb.sdk.data_types.table import JoinedTable, PartitionedTable, Table
from wandb.sdk.data_types.trace_tree import WBTraceTree
from wandb.sdk.data_types.video import Video

__all__ = [
    "Audio",
    "BatchableMedia",
    "Bokeh",
    "BoundingBoxes2D",
    "Classes",
    "EvalTable",
    "Graph",
    "Histogram",
    "Html",
    "Image",
    "ImageMask",
    "JoinedTable",
    "Media",
    "Molecule",
    "Node",
    "Object3D",
    "PartitionedTable",
    "Plotly",
    "Table",
    "Video",
    "WBTraceTree",
    "WBValue",
    "box3d",
]
