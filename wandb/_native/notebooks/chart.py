"""A static picture of a run's metrics as SVG: it needs no server, and survives export of the notebook."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Mapping, Sequence

MOST_CHARTS = 12
_COLUMNS = 3
_WIDTH, _HEIGHT = 240, 130  # of one chart with its title, in pixels
_LEFT, _TOP, _BOTTOM = 8, 26, 18
_MOST_POINTS = 240  # one for each pixel
_COLORS = ("#4269d0", "#c76b00", "#2f8f5b", "#c2395a", "#7c4dbd", "#16808d")


def charts_svg(history: Mapping[str, Sequence[float]]) -> str | None:
    """Return one line chart for each metric; None when there is nothing to draw.

    Args:
        history: values of each metric in the order of time; NaN and infinities are left out. Names that begin with an
            underscore are left out, and of many metrics the first MOST_CHARTS by name are drawn.
    """
    finite = {name: [value for value in values if math.isfinite(value)] for name, values in history.items()}
    names = sorted(name for name, values in finite.items() if values and not name.startswith("_"))
    if not names:
        return None
    shown = names[:MOST_CHARTS]
    columns = min(_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    note = 16 if len(names) > len(shown) else 0
    width, height = columns * _WIDTH, rows * _HEIGHT + note
    parts = [
        _chart(name, finite[name], at % columns * _WIDTH, at // columns * _HEIGHT, _COLORS[at % len(_COLORS)])
        for at, name in enumerate(shown)
    ]
    if note:
        parts.append(f'<text x="{_LEFT}" y="{height - 4}">and {len(names) - len(shown)} more</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' font-family="sans-serif" font-size="11" fill="#777">{"".join(parts)}</svg>'
    )


def image_html(svg: str, description: str) -> str:
    """Return a picture as an HTML image that contains it, which sanitizers of notebooks let pass."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<img src="data:image/svg+xml;base64,{data}" alt="{html.escape(description)}">'


def _chart(name: str, values: list[float], left: int, top: int, color: str) -> str:
    step = max(1, -(-len(values) // _MOST_POINTS))
    drawn = values[::step] if (len(values) - 1) % step == 0 else [*values[::step], values[-1]]
    low, high = min(drawn), max(drawn)
    span = high / 2 - low / 2  # halves: the difference of two large numbers may be infinite
    width, height = _WIDTH - 2 * _LEFT, _HEIGHT - _TOP - _BOTTOM
    x = [left + _LEFT + width * at / max(1, len(drawn) - 1) for at in range(len(drawn))]
    y = [top + _TOP + height * (1 - ((value / 2 - low / 2) / span if span else 0.5)) for value in drawn]
    places = " ".join(f"{one:.1f},{other:.1f}" for one, other in zip(x, y, strict=True))
    line = (
        f'<polyline points="{places}" fill="none" stroke="{color}" stroke-width="1.5"/>'
        if len(drawn) > 1
        else f'<circle cx="{left + _WIDTH / 2}" cy="{y[0]:.1f}" r="3" fill="{color}"/>'
    )
    label = name if len(name) <= 30 else name[:29] + "…"
    return (
        f'<text x="{left + _LEFT}" y="{top + 16}" font-size="12" font-weight="bold">{html.escape(label)}</text>{line}'
        f'<text x="{left + _LEFT}" y="{top + _HEIGHT - 4}">{low:.4g} to {high:.4g}, last {drawn[-1]:.4g}</text>'
    )
