"""The way from the caller to the disk: queue, writer, encoder, and the launch of the uploader."""
