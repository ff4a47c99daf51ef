"""Figures of matplotlib and plotly."""

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import plotly.graph_objects as go

import wandb

with wandb.init(project="corpus") as run:
    figure, axes = plt.subplots()
    axes.plot([1, 2, 3])
    run.log({"image": wandb.Image(figure)})
    run.log({"plotly": go.Figure(data=go.Scatter(x=[1, 2], y=[3, 4]))})
    axes.scatter([1, 2], [2, 1])
    run.log({"pyplot": wandb.Image(plt)})
    plt.close(figure)
