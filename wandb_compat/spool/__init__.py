"""The run directory on disk, shared by trainer and uploader."""
