"""In the development environment, which lacks the libraries, nothing of this folder is collected."""

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("sacred") else ["test_*.py"]
