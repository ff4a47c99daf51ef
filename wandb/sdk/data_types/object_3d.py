"""`wandb.Object3D` and `wandb.box3d`."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from wandb.sdk.data_types.base_types.media import BatchableMedia
from wandb_compat.convert import arrays, deferred
from wandb_compat.convert.deferred import DeferredFile
from wandb_compat.convert.json_values import json_value
from wandb_compat.spool import records

_CLOUD = ".pts.json"
_COLUMNS = (3, 4, 6)


def box3d(*, center: Any, size: Any, orientation: Any, color: Any, label: str | None = None, score: Any = None) -> Any:
    """Return a box for `Object3D.from_point_cloud`.

    Args:
        center: x, y, z of the centre.
        size: lengths along x, y, z.
        orientation: quaternion [r, x, y, z] that turns the axes of the world into those of the box; not zero.
        color: (r, g, b), each from 0 to 1.
        label: text at the box.
        score: number at the box.

    Raises:
        ValueError: the quaternion is zero.
    """
    import numpy

    center, size, turn = (numpy.asarray(one, dtype=float) for one in (center, size, orientation))
    assert center.shape == (3,) and size.shape == (3,) and turn.shape == (4,), (
        f"wandb.box3d takes 3, 3 and 4 numbers, not {center.shape}, {size.shape} and {turn.shape}"
    )
    if not turn.any():
        raise ValueError("Unexpected zero quaternion.")
    # As wandb: the signs of a quaternion's parts are dropped.
    r, x, y, z = abs(turn) / numpy.linalg.norm(turn)
    rotation = numpy.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y + z * r), 2 * (x * z - y * r)],
            [2 * (x * y - z * r), 1 - 2 * (x * x + z * z), 2 * (y * z + x * r)],
            [2 * (x * z + y * r), 2 * (y * z - x * r), 1 - 2 * (x * x + y * y)],
        ]
    )
    unit = numpy.array(list(itertools.product((-1, 1), repeat=3)), dtype=float)
    corners = center + (0.5 * size * unit) @ rotation
    return {"corners": tuple(map(tuple, corners.tolist())), "color": color, "label": label, "score": score}


def _write(document: Any, path: Path) -> None:
    path.write_bytes(records.dump(json_value(document)))


class Object3D(BatchableMedia):
    """A point cloud, a scene with boxes, or a file with a mesh.

    In Pluto: the file; point clouds and scenes in JSON.

    Example:
        >>> wandb.Object3D(points)  # rows of x, y, z, of x, y, z, category, or of x, y, z, r, g, b
    """

    SUPPORTED_TYPES: ClassVar[set[str]] = {"obj", "gltf", "glb", "babylon", "stl", "pts.json"}
    SUPPORTED_POINT_CLOUD_TYPES: ClassVar[set[str]] = {"lidar/beta"}

    _log_type = "object3D-file"
    _list_type = "object3D"
    _folder_name = "object3D"

    def __init__(self, data_or_path: Any, caption: str | None = None, **kwargs: Any) -> None:
        """Take an object: whatever is done to `data_or_path` afterwards does not change it.

        Args:
            data_or_path: array of points with 3, 4 or 6 columns; path of a file of one of SUPPORTED_TYPES; open file;
                or dict with `type` "lidar/beta" and `points`, `boxes`, `vectors`.
            caption: text beside the object.
            **kwargs: `file_type` of an open file without a name; others are accepted and have no effect.

        Raises:
            OSError: the file cannot be read.
            ValueError: `data_or_path` is not one of these.
        """
        super().__init__(caption=caption)
        if hasattr(data_or_path, "read") and isinstance(name := getattr(data_or_path, "name", None), str):
            data_or_path = name
        if hasattr(data_or_path, "read"):
            suffix = _file_type(kwargs.get("file_type"))
            if hasattr(data_or_path, "seek"):
                data_or_path.seek(0)
            content = data_or_path.read()
            self._set_deferred_file(
                deferred.from_bytes(content if isinstance(content, bytes) else content.encode(), suffix)
            )
        elif isinstance(data_or_path, (str, os.PathLike)):
            path = os.fspath(data_or_path)
            suffixes = [f".{one}" for one in self.SUPPORTED_TYPES if path.endswith(one)]
            if not suffixes:
                raise ValueError(f"File '{path}' is not compatible with Object3D: supported types are: {_listed(self)}")
            self._set_file(path, extension=suffixes[0])
        elif isinstance(data_or_path, Mapping) and "type" in data_or_path:
            if data_or_path["type"] not in self.SUPPORTED_POINT_CLOUD_TYPES:
                raise ValueError("Type not supported, only 'lidar/beta' is currently supported")
            scene = {"type": data_or_path["type"]} | {
                part: arrays.snapshot(data_or_path.get(part, [])) for part in ("vectors", "points", "boxes")
            }
            self._set_deferred_file(
                DeferredFile(_CLOUD, partial(_write, scene), sum(getattr(one, "nbytes", 0) for one in scene.values()))
            )
        elif hasattr(data_or_path, "shape"):
            points = arrays.snapshot(_points(data_or_path))
            self._set_deferred_file(DeferredFile(_CLOUD, partial(_write, points), int(points.nbytes)))
        else:
            raise ValueError(f"data must be a numpy array, dict or a file object, not {type(data_or_path).__name__}")

    @classmethod
    def from_file(cls, data_or_path: Any, file_type: str | None = None) -> Object3D:
        """Return the object in a file: a path, or an open file whose `file_type` is one of SUPPORTED_TYPES."""
        return cls(data_or_path, file_type=file_type)

    @classmethod
    def from_numpy(cls, data: Any) -> Object3D:
        """Return a cloud of points: an array with 3, 4 or 6 columns.

        Raises:
            ValueError: it is not one.
        """
        if not hasattr(data, "shape"):
            raise ValueError(f"`data` must be a numpy array, not {type(data).__name__}")
        return cls(_points(data))

    @classmethod
    def from_point_cloud(
        cls, points: Any, boxes: Any, vectors: Any = None, point_cloud_type: str = "lidar/beta"
    ) -> Object3D:
        """Return a scene of points, boxes (see `box3d`) and vectors (dicts with `start` and `end`).

        Raises:
            ValueError: `point_cloud_type` is not "lidar/beta".
        """
        if point_cloud_type not in cls.SUPPORTED_POINT_CLOUD_TYPES:
            raise ValueError("Point cloud type not supported")
        return cls(
            {"type": point_cloud_type, "points": points, "boxes": boxes, "vectors": [] if vectors is None else vectors}
        )

    @classmethod
    def seq_to_json(cls, seq: Sequence[Any], run: Any, key: str, step: int | str) -> dict[str, Any]:
        """Return the JSON form of several objects."""
        return {**super().seq_to_json(seq, run, key, step), "objects": [one.to_json(run) for one in seq]}


def _points(data: Any) -> Any:
    if len(data.shape) != 2 or data.shape[1] not in _COLUMNS:
        raise ValueError(
            "The shape of the numpy array must be n x 3 (x y z), n x 4 (x y z category, from 1 to 14) or n x 6"
            f" (x y z r g b), not {tuple(data.shape)}"
        )
    return data


def _listed(cls: Any) -> str:
    return ", ".join(sorted(cls.SUPPORTED_TYPES))


def _file_type(given: Any) -> str:
    if given is None:
        raise ValueError("Must pass file type keyword argument when using io objects.")
    if given not in Object3D.SUPPORTED_TYPES:
        raise ValueError(
            f"Object 3D only supports numpy arrays or files of the type: {_listed(Object3D)}; not {given!r}"
        )
    return f".{given}"
