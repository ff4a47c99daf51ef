"""LangChain: each run of a chain, a model or a tool."""

from wandb import _lazy

__all__ = ("WandbTracer",)

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.langchain.wandb_tracer", __all__)
