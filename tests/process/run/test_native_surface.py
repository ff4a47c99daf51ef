"""`import wandb` gives every name of wandb 0.31 at its place, quickly, and each as something that says what it is."""


def test_import_has_no_side_effects_and_leaves_the_heavy_libraries_alone(script) -> None:  # type: ignore[no-untyped-def]
    """`import wandb` prints nothing, makes nothing on disk, starts no thread, and imports neither numpy nor yaml."""
    ended = script(
        """
        heavy = {"numpy", "yaml", "requests", "httpx", "keyring", "PIL", "torch", "psutil"} & sys.modules.keys()
        import os, threading
        before = set(os.listdir())
        import wandb
        assert threading.active_count() == 1
        assert set(os.listdir()) == before
        print(sorted({"numpy", "yaml", "torch"} & sys.modules.keys() - heavy))
        """
    )
    assert (ended.out, ended.err) == ("[]\n", "")
