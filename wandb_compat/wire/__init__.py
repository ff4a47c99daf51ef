"""What is reported to a Pluto server: the only place that knows its URLs and payloads."""
