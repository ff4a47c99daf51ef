"""The formats of manifests."""
