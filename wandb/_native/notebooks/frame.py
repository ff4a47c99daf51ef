"""The HTML of a run in a notebook: a static picture, over which the live page appears where it can be reached."""

from __future__ import annotations

import html
import secrets
from string import Template

from wandb._native.notebooks.chart import image_html
from wandb.sdk.lib import ipython
from wandb_compat.wire.signed_text import embed_link

# The frame posts a message when it shows data: see `core/frame.js` of the page. Without one, in an export, on another
# machine or when the server is gone, the picture stays.
_LIVE = Template(
    """<iframe src="$source" title="$title" loading="lazy" style="border:none;width:100%;height:${height}px;\
position:absolute;left:0;top:0;visibility:hidden"></iframe><script>
window.addEventListener("message", function (event) {
  var box = document.getElementById("$id"), frame = box && box.querySelector("iframe");
  if (!frame || event.source !== frame.contentWindow || event.data !== "pluto-run-shown") return;
  frame.style.position = "static"; frame.style.visibility = "visible";
  box.querySelector(".still").style.display = "none";
});
</script>"""
)


def run_html(
    title: str, page: str | None, key: str | None, svg: str | None, *, height: int = 420, hidden: bool = False
) -> str:
    """Return HTML that shows a run.

    Args:
        title: names the run.
        page: URL of the run's page; None without one.
        key: the server's key, which signs the URL of the frame; None without one.
        svg: static picture of its metrics; None without any.
        height: height of the frame in pixels.
        hidden: whether a click opens it first.
    """
    text = html.escape(title)
    head = link(page, title) if page else text
    picture = image_html(svg, f"Charts of {title}") if svg else "No numbers have been logged yet."
    source = embed_link(page, key) if page and key and not ipython.in_vscode_notebook() else None
    id = f"pluto-run-{secrets.token_hex(6)}"
    live = _LIVE.substitute(id=id, source=html.escape(source), title=text, height=height) if source else ""
    body = f'<div class="still"><div>{head}</div>{picture}</div>{live}'
    box = f'<div id="{id}" style="position:relative;overflow:hidden">{body}</div>'
    return f"<details><summary>Display {text}</summary>{box}</details>" if hidden else box


def link(url: str, text: str) -> str:
    """Return a link that opens a tab."""
    return f'<a href="{html.escape(url)}" target="_blank">{html.escape(text)}</a>'
