"""The uploader: a small process per run that brings the journal to the server and outlives a crash of the trainer."""
