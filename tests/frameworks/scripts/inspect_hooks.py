"""An evaluation by inspect with a model of its own, reported by the hooks of inspect_wandb."""

from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.scorer import match
from inspect_ai.solver import generate

task = Task(dataset=[Sample("say so", target="Default")], solver=generate(), scorer=match(), name="tiny")
(log,) = eval(task, model="mockllm/model", display="none", log_dir="logs")
assert log.status == "success", log.error
