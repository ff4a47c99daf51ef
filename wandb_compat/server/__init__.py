"""The embedded Pluto server: one process, one data folder, the whole contract of `pluto-ml`.

Start it with `python -m wandb_compat.server --data DIR`, or from Python with `wandb_compat.server.serve.running(DIR)`.
"""
