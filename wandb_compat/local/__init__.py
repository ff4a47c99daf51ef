"""The embedded Pluto server: one process, one data folder, the whole contract of `pluto-ml`.

Start it with `python -m wandb_compat.local --data DIR`, or from Python with `wandb_compat.local.serve.running(DIR)`.
"""
