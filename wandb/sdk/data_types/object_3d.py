"""`wandb.Object3D` and `wandb.box3d`, which can be named but not used yet."""

from wandb import _absent
from wandb.sdk.data_types.base_types.media import BatchableMedia


class Object3D(BatchableMedia):
    """A point cloud or a mesh."""


box3d = _absent.function("wandb.box3d")
