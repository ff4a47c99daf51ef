"""`wandb.Bokeh`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from wandb.errors import Error
from wandb.sdk.data_types.base_types.media import Media
from wandb_compat.convert import figures


class Bokeh(Media):
    """A bokeh figure.

    In Pluto: a file in JSON, which `bokeh.document.Document.from_json` reads back.
    """

    _log_type = "bokeh-file"
    _folder_name = "bokeh"

    def __init__(self, data_or_path: Any) -> None:
        """Take a figure: whatever is done to it afterwards does not change what is logged.

        Args:
            data_or_path: model or document of bokeh, or path of a `.bokeh.json` file.

        Raises:
            wandb.Error: bokeh is not installed.
            TypeError: it is not one of these.
        """
        super().__init__()
        try:
            from bokeh.document import Document
            from bokeh.model import Model
        except ImportError as error:
            raise Error("'Bokeh' requires the bokeh package.  Please install it with `pip install bokeh`.") from error
        if isinstance(data_or_path, (str, os.PathLike)) and Path(data_or_path).exists():
            self.b_obj: Document | None = Document.from_json(json.loads(Path(data_or_path).read_text(encoding="utf-8")))
            self._set_file(os.fspath(data_or_path), extension=".bokeh.json")
        elif isinstance(data_or_path, (Model, Document)):
            self._set_deferred_file(figures.bokeh_file(data_or_path))
            self.b_obj = data_or_path if isinstance(data_or_path, Document) else data_or_path.document
        else:
            raise TypeError(
                "Bokeh constructor accepts Bokeh document/model or path to Bokeh json file, not"
                f" {type(data_or_path).__name__}"
            )
