"""What `wandb.watch` hangs into a PyTorch model: histograms of gradients and parameters, and the model's graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from wandb.errors.term import termwarn
from wandb.sdk.data_types.graph import Graph, Node
from wandb.sdk.data_types.histogram import Histogram

BINS = 64
_NAMES = "_wandb_hook_names"  # attribute of a watched model: its hooks, for unwatch
_WATCHED = "_wandb_watch_called"  # attribute of a model whose graph is logged
_CONTAINERS = (torch.nn.Sequential, torch.nn.ModuleList, torch.nn.ModuleDict)

Log = Callable[[dict[str, Any]], None]


class TorchHistory:
    """The hooks of one run."""

    def __init__(self, log: Log, graph_done: Callable[[str, TorchGraph], None]) -> None:
        """Hang in nothing yet.

        Args:
            log: takes values that join the run's current row.
            graph_done: takes name and graph of a model that has run once.
        """
        self._log = log
        self._graph_done = graph_done
        self._handles: dict[str, Any] = {}

    @property
    def _hook_handles(self) -> dict[str, Any]:
        return self._handles  # wandb's name, which scripts read

    def add_log_parameters_hook(
        self, module: torch.nn.Module, name: str = "", prefix: str = "", log_freq: int = 0
    ) -> None:
        """Log a histogram of each parameter after every `log_freq`-th forward pass."""
        prefix += name
        due = _every(log_freq)

        def after_forward(module: torch.nn.Module, inputs: Any, output: Any) -> None:
            if due():
                for parameter, tensor in module.named_parameters():
                    self.log_tensor_stats(tensor.data, f"parameters/{prefix}{parameter}")

        try:
            self._keep(module, f"parameters/{prefix}", module.register_forward_hook(after_forward))
        except RuntimeError as error:  # a scripted module takes none
            termwarn(f"Trying to register forward_hook failed ({error}) - skipping parameter tracking.")

    def add_log_gradients_hook(
        self, module: torch.nn.Module, name: str = "", prefix: str = "", log_freq: int = 0
    ) -> None:
        """Log a histogram of each parameter's gradient in every `log_freq`-th backward pass.

        Raises:
            ValueError: the model's gradients are watched already.
        """
        for parameter, tensor in module.named_parameters():
            if tensor.requires_grad:
                self._watch_gradient(module, tensor, f"gradients/{prefix + name}{parameter}", _every(log_freq))

    def _watch_gradient(
        self, module: torch.nn.Module, tensor: torch.Tensor, name: str, due: Callable[[], bool]
    ) -> None:
        handle = self._handles.get(name)
        if handle is not None and handle.id in (handle.hooks_dict_ref() or ()):
            raise ValueError(f'A hook has already been set under name "{name}"')

        def with_gradient(gradient: torch.Tensor) -> None:
            if due():
                self.log_tensor_stats(gradient.data, name)

        untyped: Any = tensor  # torch has no types for register_hook
        try:
            self._keep(module, name, untyped.register_hook(with_gradient))
        except (RuntimeError, ValueError) as error:  # a parameter of a lazy module has no shape yet
            termwarn(f"Trying to register a gradient hook failed ({error}) - skipping gradient tracking.", repeat=False)

    def add_graph_hooks(self, module: torch.nn.Module, criterion: Any = None, index: int = 0) -> TorchGraph:
        """Build the model's graph in its first forward pass.

        Raises:
            ValueError: that was asked for before.
        """
        if getattr(module, _WATCHED, False):
            raise ValueError(
                "You can only call `wandb.watch` once per model. Pass a new instance of the model if you need to call"
                " wandb.watch again in your code."
            )
        setattr(module, _WATCHED, True)
        graph = TorchGraph(module, criterion)
        waiting = dict(_layers(module))
        for name, layer in list(waiting.items()):

            def after_forward(layer: torch.nn.Module, inputs: Any, output: Any, name: str = name) -> None:
                if waiting.pop(name, None) is not None:
                    graph.add_layer(name, layer, output)
                    if not waiting:
                        self._graph_done(f"graph_{index}", graph)

            self._keep(module, f"topology/{index}/{name}", layer.register_forward_hook(after_forward))
        return graph

    def log_tensor_stats(self, tensor: Any, name: str) -> None:
        """Log the histogram of a tensor, or of a list of them, with 64 bins; NaN and infinities are left out."""
        histogram = _histogram(tensor)
        if histogram is not None:
            self._log({name: Histogram(np_histogram=histogram)})

    def _keep(self, module: torch.nn.Module, name: str, handle: Any) -> None:
        self._handles[name] = handle
        vars(module).setdefault(_NAMES, []).append(name)

    def unhook(self, name: str) -> None:
        """Take out one hook."""
        self._handles.pop(name).remove()

    def unhook_all(self) -> None:
        """Take out all hooks."""
        for handle in self._handles.values():
            handle.remove()
        self._handles = {}

    def unwatch(self, module: torch.nn.Module) -> None:
        """Take out the hooks of a model."""
        names = vars(module).pop(_NAMES, None)
        if names is None:
            termwarn(f"{module} model has not been watched")
        for name in names or ():
            self.unhook(name)


class TorchGraph(Graph):
    """The layers of a model, in the order in which they ran."""

    def __init__(self, module: torch.nn.Module, criterion: Any = None) -> None:
        super().__init__("torch")
        self.module = module
        self.criterion, self.criterion_passed = criterion, criterion is not None

    def add_layer(self, name: str, layer: torch.nn.Module, output: Any) -> None:
        """Add a layer that has just run."""
        parameters = [(one, list(tensor.size())) for one, tensor in layer.named_parameters()]
        outputs = output if isinstance(output, tuple) else (output,)
        self.add_node(
            Node(
                id=id(layer),
                name=name,
                class_name=str(layer),
                output_shape=_shape(outputs),
                parameters=parameters,
                num_parameters=[tensor.numel() for tensor in layer.parameters()],
            )
        )

    def pluto_nodes(self) -> dict[str, dict[str, Any]]:
        """Return the modules by path as Pluto's model graph has them; the model itself is `.`, its root."""
        order = {node.name: place for place, node in enumerate(self.nodes)}
        nodes = {}
        for name, module in self.module.named_modules():
            nodes[name or "."] = {
                "type": type(module).__name__,
                "depth": name.count(".") + 1 if name else 0,
                "order": order.get(name, 0),
                "node_type": "CONTAINER" if next(module.children(), None) is not None else "MODULE",
                "params": {one: list(tensor.size()) for one, tensor in module.named_parameters(recurse=False)},
            }
        return nodes


def _every(count: int) -> Callable[[], bool]:
    """Return a function that is true at every `count`-th call."""
    calls = 0

    def due() -> bool:
        nonlocal calls
        calls += 1
        if calls < count:
            return False
        calls = 0
        return True

    return due


def _layers(module: torch.nn.Module, prefix: str = "") -> list[tuple[str, torch.nn.Module]]:
    """Return the children of a model with their paths; of containers, what is in them."""
    found = []
    for name, child in module.named_children():
        path = f"{prefix}{name}"
        found += _layers(child, f"{path}.") if isinstance(child, _CONTAINERS) else [(path, child)]
    return found


def _shape(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return list(value.size())
    if isinstance(value, (list, tuple)):
        return [_shape(one) for one in value]
    return []


def _histogram(tensor: Any) -> tuple[list[float], list[float]] | None:
    """Return counts and edges of what is finite in a tensor, None when nothing is."""
    if isinstance(tensor, (tuple, list)):
        tensor = torch.cat([one.detach().reshape(-1) for one in _flat(tensor)])
    tensor = tensor.detach()
    zeros = 0
    if tensor.is_sparse:
        tensor = tensor.coalesce()
        zeros = tensor.numel() - tensor.values().numel()
        tensor = tensor.values()
    values = tensor.reshape(-1).to("cpu")
    if values.dtype not in (torch.float32, torch.float64):
        values = values.float()
    values = values[torch.isfinite(values)]
    if not values.numel():
        return None
    low, high = values.min().item(), values.max().item()
    if zeros:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        return [float(values.numel() + zeros)], [low, high]
    counts = values.histc(bins=BINS, min=low, max=high)
    edges = torch.linspace(low, high, steps=BINS + 1)
    if zeros:
        counts[min(int((0.0 - low) / (high - low) * BINS), BINS - 1)] += zeros
    return counts.tolist(), edges.tolist()


def _flat(tensors: Any) -> list[torch.Tensor]:
    return [one for item in tensors for one in (_flat(item) if isinstance(item, (tuple, list)) else [item])]
