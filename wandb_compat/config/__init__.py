"""Settings from the environment, credentials and limits."""
