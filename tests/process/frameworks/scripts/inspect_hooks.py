"""An evaluation by inspect with its own model, reported by the hooks of inspect_wandb."""

from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelAPI, ModelOutput, modelapi
from inspect_ai.scorer import match
from inspect_ai.solver import generate


@modelapi(name="tiny")
class Tiny(ModelAPI):
    """Always says the same; inspect's own mock counts tokens with a file that it downloads."""

    async def generate(self, input, tools, tool_choice, config):
        return ModelOutput.from_content("tiny", "yes")


samples = [Sample("say yes", target=target) for target in ("yes", "no", "yes")]
task = Task(dataset=samples, solver=generate(), scorer=match(), name="tiny", metadata={"shots": 0})
(log,) = eval(task, model="tiny/model", display="none", log_dir="logs", max_samples=1)
assert log.status == "success", log.error
