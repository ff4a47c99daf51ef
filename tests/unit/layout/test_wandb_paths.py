"""`wandb/` has only the modules that wandb has or had; everything else of ours is in `wandb/_native/`."""

from pathlib import Path

ROOT = Path(__file__).parents[3]
PATHS = Path(__file__).with_name("wandb_paths.txt")
EXCEPTIONS = {
    "wandb._bootstrap": "makes the implementation importable, and tells our package from the real one",
    "wandb.gym": "an attribute of wandb in old releases, imported as a module by scripts",
    "wandb.tensorboard": "an attribute of wandb in old releases, imported as a module by scripts",
}


def wandb_modules() -> set[str]:
    """Return the names of the modules in wandb's wheels."""
    names = {"wandb"}
    for line in PATHS.read_text().splitlines():
        if not line.startswith("#"):
            package, modules = line.split(": ")
            names |= {package, *(f"{package}.{module}" for module in modules.split())}
    return names


def our_modules() -> set[str]:
    """Return the names of the modules below `wandb/`, except `wandb/_native/`."""
    names = set()
    for path in (ROOT / "wandb").rglob("*.py*"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if path.suffix in (".py", ".pyi") and parts[1] != "_native":
            names.add(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def test_every_module_is_at_a_path_of_wandb() -> None:
    """A module that wandb never had belongs in `wandb/_native/`."""
    assert our_modules() - wandb_modules() - set(EXCEPTIONS) == set()


def test_exceptions_are_needed() -> None:
    """Each exception is a module that is there and that wandb never had as a file."""
    assert set(EXCEPTIONS) <= our_modules() - wandb_modules()
