"""Parts of a native run."""
