"""The embedded Pluto server: one process and one data folder, compatible with `pluto-ml`.

Start it with `python -m wandb_compat.server --data DIR`, or from Python with `wandb_compat.server.serve.running(DIR)`.
"""
