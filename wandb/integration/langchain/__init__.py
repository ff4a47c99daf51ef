"""LangChain: each run of a chain, a model or a tool."""

from wandb._native import lazy

__all__ = ("WandbTracer",)

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.langchain.wandb_tracer", __all__)
