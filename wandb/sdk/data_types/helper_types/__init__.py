"""What images are annotated with."""
