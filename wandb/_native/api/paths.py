"""Parses the paths of runs, sweeps and projects."""

from __future__ import annotations


def project_path(path: str | None, entity: str | None, project: str | None) -> tuple[str | None, str]:
    """Return entity and project of `entity/project` or `project`; what is missing are the defaults.

    A project without a name is `uncategorized`, as in wandb.
    """
    if not path or not path.strip("/ "):
        return entity, project or "uncategorized"
    first, slash, rest = path.strip("/ ").partition("/")
    return (first, rest) if slash else (entity, first)


def item_path(path: str, entity: str | None, project: str | None) -> tuple[str | None, str, str]:
    """Return entity, project and id of a run or sweep.

    The forms are `entity/project/id`, `project/id` and `id`, with `/runs/` or `/sweeps/` before the id, `:` instead of
    the last slash, and slashes around it.

    Raises:
        ValueError: id or project is missing.
    """
    parts = [part.strip() for part in path.strip("/ ").split("/")]
    if len(parts) in (2, 3, 4) and parts[-2] in ("runs", "sweeps"):
        del parts[-2]
    elif len(parts) < 3 and ":" in parts[-1]:
        parts[-1:] = parts[-1].split(":", 1)
    if not parts[-1] or len(parts) > 3:
        raise ValueError(f"Invalid path: {path!r}; write it as entity/project/id")
    entity, found, id = ([entity, project][: 3 - len(parts)] + parts)[-3:]
    if not found:
        raise ValueError(f"Invalid path: {path!r} (missing project); write it as project/id, or set WANDB_PROJECT")
    return entity, found, str(id)
