"""Drawings of metrics in the terminal."""

from wandb_compat.cli.plot import drawing


def test_a_drawing_has_the_shape_of_its_values() -> None:
    """A rising line goes from the lower left to the upper right; NaN leaves a hole; numbers stand at the side."""
    lines = drawing([(float(step), float(step), float(step)) for step in range(100)], 40, 5)
    assert [line[:12].strip(" ┤") for line in lines] == ["99", "", "49.5", "", "0", ""]
    first, last = lines[0][12:], lines[4][12:]
    assert len(first) > len(last.rstrip("\u2800")) > 0
    assert set(first[:20]) <= {"\u2800"}
    nothing = drawing([(0.0, float("nan"), float("nan"))], 40, 5)
    assert nothing == ["            no value that can be drawn"]
