"""`wandb.Graph`: the graph of a model."""

from __future__ import annotations

from pprint import pprint
from typing import Any

from wandb.sdk.data_types.base_types.media import Media
from wandb.sdk.data_types.base_types.wb_value import WBValue
from wandb_compat.convert import deferred
from wandb_compat.convert.json_values import json_value
from wandb_compat.spool import records


def _attribute(name: str, doc: str, default: Any = None) -> Any:
    def get(self: Any) -> Any:
        return self._attributes.get(name, default)

    def put(self: Any, value: Any) -> None:
        self._attributes[name] = tuple(value) if name == "size" else value

    return property(get, put, doc=doc)


class Edge(WBValue):
    """An edge of a graph, from one node to another."""

    name = _attribute("name", "Optional, not necessarily unique.")
    from_node = _attribute("from_node", "Where the edge begins.")
    to_node = _attribute("to_node", "Where the edge ends.")

    def __init__(self, from_node: Node, to_node: Node) -> None:
        super().__init__()
        self._attributes: dict[str, Any] = {}
        self.from_node = from_node
        self.to_node = to_node

    def __repr__(self) -> str:
        other = {key: value for key, value in self._attributes.items() if key not in ("from_node", "to_node")}
        return str({**other, "from_id": self.from_node.id, "to_id": self.to_node.id})

    def to_json(self, run: Any = None) -> Any:
        """Return the ids of both nodes."""
        return [self.from_node.id, self.to_node.id]


class Node(WBValue):
    """A node of a graph."""

    id = _attribute("id", "Must be unique in the graph.")
    name = _attribute("name", "Usually the type of layer or sublayer.")
    class_name = _attribute("class_name", "Usually the type of layer or sublayer.")
    functions = _attribute("functions", "What the node computes.", [])
    parameters = _attribute("parameters", "Names and shapes of the parameters.", [])
    size = _attribute("size", "Tensor size.")
    output_shape = _attribute("output_shape", "Tensor output_shape.")
    is_output = _attribute("is_output", "Tensor is_output.")
    num_parameters = _attribute("num_parameters", "Tensor num_parameters.")
    child_parameters = _attribute("child_parameters", "Tensor child_parameters.")
    is_constant = _attribute("is_constant", "Tensor is_constant.")

    def __init__(
        self,
        id: Any = None,
        name: str | None = None,
        class_name: str | None = None,
        size: Any = None,
        parameters: Any = None,
        output_shape: Any = None,
        is_output: bool | None = None,
        num_parameters: int | list[int] | None = None,
        node: Node | None = None,
    ) -> None:
        """Make a node, as a copy of `node` without its id if that is given; the rest is what is known of it."""
        super().__init__()
        self._attributes: dict[str, Any] = {"name": None}
        self.in_edges: dict[Any, Edge] = {}  # by id of the node where it begins
        self.out_edges: dict[Any, Edge] = {}  # by id of the node where it ends
        self.obj: Any = None
        if node is not None:
            self._attributes.update({key: value for key, value in node._attributes.items() if key != "id"})
            self.obj = node.obj
        given = {
            "id": id,
            "name": name,
            "class_name": class_name,
            "size": size,
            "parameters": parameters,
            "output_shape": output_shape,
            "is_output": is_output,
            "num_parameters": num_parameters,
        }
        for key, value in given.items():
            if value is not None:
                setattr(self, key, value)

    def __repr__(self) -> str:
        return repr(self._attributes)

    def to_json(self, run: Any = None) -> dict[str, Any]:
        """Return what is known of the node."""
        return self._attributes

    @classmethod
    def from_keras(cls, layer: Any) -> Node:
        """Return the node of a keras layer."""
        return cls(
            id=layer.name,
            name=layer.name,
            class_name=type(layer).__name__,
            output_shape=_output_shape(layer),
            num_parameters=layer.count_params(),
        )


class Graph(Media):
    """A graph, usually of a model.

    In Pluto: a graph document with nodes and edges.

    Example:
        >>> graph = wandb.Graph()
        >>> first, second = graph.add_node(id=0, name="input"), graph.add_node(id=1, name="dense")
        >>> graph.add_edge(first, second)
    """

    _log_type = "graph-file"
    _folder_name = "graph"

    def __init__(self, format: str = "keras") -> None:
        """Make an empty graph; `format` says what it is a graph of."""
        super().__init__()
        self.format = format
        self.nodes: list[Node] = []
        self.nodes_by_id: dict[Any, Node] = {}
        self.edges: list[Edge] = []
        self.loaded = False
        self.criterion: Any = None
        self.criterion_passed = False
        self.root: Node | None = None

    def _to_graph_json(self, run: Any = None) -> dict[str, Any]:
        return {
            "format": self.format,
            "nodes": [node.to_json() for node in self.nodes],
            "edges": [edge.to_json() for edge in self.edges],
        }

    def bind_to_run(self, *args: Any, **kwargs: Any) -> None:
        """Put the graph as a file into the run's folder; `log` does not need it."""
        self._set_deferred_file(deferred.from_bytes(records.dump(json_value(self._to_graph_json())), ".graph.json"))
        if not self.is_bound():
            super().bind_to_run(*args, **kwargs)

    def __getitem__(self, nid: Any) -> Node:
        return self.nodes_by_id[nid]

    def pprint(self) -> None:
        """Print edges and nodes."""
        for one in (*self.edges, *self.nodes):
            pprint(one)

    def add_node(self, node: Node | None = None, **node_kwargs: Any) -> Node:
        """Add a node, or make one of the arguments of `Node`, and return it.

        Raises:
            ValueError: both are given.
        """
        if node is None:
            node = Node(**node_kwargs)
        elif node_kwargs:
            raise ValueError(f"Only pass one of either node ({node}) or other keyword arguments ({node_kwargs})")
        self.nodes.append(node)
        self.nodes_by_id[node.id] = node
        return node

    def add_edge(self, from_node: Node, to_node: Node) -> Edge:
        """Add an edge and return it."""
        edge = Edge(from_node, to_node)
        self.edges.append(edge)
        return edge

    @classmethod
    def from_keras(cls, model: Any) -> Graph:
        """Return the graph of a keras model: a node for each layer, edges from the layers that feed it."""
        graph = cls()
        for layer in model.layers:
            graph.add_node(Node.from_keras(layer))
        for layer in model.layers:
            for before in _inputs(layer):
                if before.name not in graph.nodes_by_id:
                    graph.add_node(Node.from_keras(before))
                graph.add_edge(graph[before.name], graph[layer.name])
        return graph


def _output_shape(layer: Any) -> Any:
    """Return the shape of what a layer puts out, for keras 2 and 3."""
    if hasattr(layer, "output_shape"):
        return layer.output_shape
    try:
        return layer.output.shape
    except (AttributeError, ValueError):  # several, or none yet
        return ["multiple"]


def _inputs(layer: Any) -> list[Any]:
    """Return the layers that feed a layer, for keras 2 and 3."""
    found: list[Any] = []
    for call in getattr(layer, "_inbound_nodes", ()):
        if hasattr(call, "inbound_layers"):  # keras 2
            layers = call.inbound_layers
            found += layers if isinstance(layers, (list, tuple)) else [layers]
        else:
            found += [parent.operation for parent in getattr(call, "parent_nodes", ())]
    return found
