"""What notebooks show of a run: the live page in a frame, a static picture of the metrics, a status line, the end."""
