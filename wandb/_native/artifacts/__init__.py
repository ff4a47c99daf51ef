"""Parts of native artifacts."""
