"""`wandb.Html`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from wandb.sdk.data_types.base_types.media import BatchableMedia
from wandb_compat.convert import deferred

_HEAD = '<base target="_blank"><link rel="stylesheet" type="text/css" href="https://app.wandb.ai/normalize.css" />'


class Html(BatchableMedia):
    """A web page.

    In Pluto: the page as a file.

    Example:
        >>> wandb.Html("<h1>Hello</h1>")
    """

    _log_type = "html-file"
    _list_type = "html"
    _folder_name = "html"

    def __init__(self, data: Any, inject: bool = True, data_is_not_path: bool = False) -> None:
        """Take a page.

        Args:
            data: path of a file with the suffix `.html`, HTML as text, or an open file with HTML.
            inject: put wandb's style sheet in front, as wandb does; False leaves the page as it is.
            data_is_not_path: take a text as HTML even if a file has that name.

        Raises:
            ValueError: `data` is not one of these.
        """
        super().__init__()
        if isinstance(data, (str, os.PathLike)) and not data_is_not_path and _is_page(os.fspath(data)):
            self.html = Path(data).read_text(encoding="utf-8")
        elif isinstance(data, str):
            self.html = data
        elif hasattr(data, "read"):
            if hasattr(data, "seek"):
                data.seek(0)
            content = data.read()
            self.html = content.decode() if isinstance(content, bytes) else content
        else:
            raise ValueError(f"data must be a string or an io object, not {type(data).__name__}")
        if inject:
            self.inject_head()
        self._set_deferred_file(deferred.from_bytes(self.html.encode("utf-8", "replace"), ".html"))

    def inject_head(self) -> None:
        """Put wandb's style sheet into the page."""
        if "<head>" in self.html:
            page = self.html.replace("<head>", f"<head>{_HEAD}", 1)
        elif "<html>" in self.html:
            page = self.html.replace("<html>", f"<html><head>{_HEAD}</head>", 1)
        else:
            page = _HEAD + self.html
        self.html = page.strip()

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> Html:
        """Return the page of a JSON form and of the artifact that holds its file."""
        return cls(source_artifact.get_entry(json_obj["path"]).download(), inject=False)


def _is_page(path: str) -> bool:
    return os.path.splitext(path)[1] == ".html" and os.path.isfile(path)  # noqa: PTH113, PTH122
