"""Sets the attributes of the current run in the module `wandb`, under wandb's names."""

from __future__ import annotations

from typing import Any

from wandb._native.run import current

unset_globals = current.unset_run


def set_global(
    run: Any = None,
    config: Any = None,
    log: Any = None,
    summary: Any = None,
    save: Any = None,
    use_artifact: Any = None,
    log_artifact: Any = None,
    define_metric: Any = None,
    alert: Any = None,
    mark_preempting: Any = None,
    log_model: Any = None,
    use_model: Any = None,
    link_model: Any = None,
    watch: Any = None,
    unwatch: Any = None,
    pin_config_keys: Any = None,
) -> None:
    """Set the names of the module that are given, and leave the others."""
    given = dict(locals())
    wandb = current.module()
    for name, value in given.items():
        if value is not None:
            setattr(wandb, name, value)
