"""Filters in the form of wandb's web page, and as queries of MongoDB, which `Api.runs` takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PLACES = {"config": "config", "summary_metrics": "summary", "keys_info.keys": "keys_info", "tags": "tags"}


class QueryGenerator:
    """Turns one form into the other; keys of the page have a `section` and a `name`."""

    INDIVIDUAL_OP_TO_MONGO = {  # noqa: RUF012 # public, and wandb's is a plain dict
        "!=": "$ne",
        ">": "$gt",
        ">=": "$gte",
        "<": "$lt",
        "<=": "$lte",
        "IN": "$in",
        "NIN": "$nin",
        "REGEX": "$regex",
    }
    MONGO_TO_INDIVIDUAL_OP = {mongo: op for op, mongo in INDIVIDUAL_OP_TO_MONGO.items()}  # noqa: RUF012
    GROUP_OP_TO_MONGO = {"AND": "$and", "OR": "$or"}  # noqa: RUF012
    MONGO_TO_GROUP_OP = {mongo: op for op, mongo in GROUP_OP_TO_MONGO.items()}  # noqa: RUF012

    @classmethod
    def format_order_key(cls, key: str) -> str | None:
        """Return the order that puts the highest value of a key first; None for `createdAt`."""
        if key == "createdAt":
            return None
        place = key.partition(".")[0]
        return f"-{key}" if place in ("config", "summary_metrics") and "." in key else f"-summary_metrics.{key}"

    def key_to_server_path(self, key: Mapping[str, str]) -> str:
        """Return a key such as `{"section": "config", "name": "lr"}` as `config.lr`.

        Raises:
            ValueError: the section does not exist.
        """
        if key["section"] == "run":
            return key["name"]
        for place, section in _PLACES.items():
            if section == key["section"]:
                return f"{place}.{key['name']}"
        raise ValueError(f"Invalid key {key}: its section must be one of run, {', '.join(_PLACES.values())}")

    def server_path_to_key(self, path: str) -> dict[str, str]:
        """Return what `key_to_server_path` was given."""
        for place, section in _PLACES.items():
            if path.startswith(f"{place}."):
                return {"section": section, "name": path.removeprefix(f"{place}.")}
        return {"section": "run", "name": path}

    def keys_to_order(self, keys: Mapping[str, Any]) -> list[str]:
        """Return orders such as `-createdAt` for a page's `{"keys": [{"key": …, "ascending": …}]}`."""
        return [("+" if one["ascending"] else "-") + self.key_to_server_path(one["key"]) for one in keys["keys"]]

    def order_to_keys(self, order: list[str]) -> dict[str, Any]:
        """Return what `keys_to_order` was given; every name belongs to the run, as with wandb.

        Raises:
            ValueError: an order begins with neither `+` nor `-`.
        """
        for one in order:
            if one[:1] not in ("+", "-"):
                raise ValueError(f"The order {one!r} must begin with + (ascending) or - (descending)")
        keys = [{"key": {"section": "run", "name": one[1:]}, "ascending": one[0] == "+"} for one in order]
        return {"keys": keys}

    def filter_to_mongo(self, filter: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return a filter of the page as a query; None of one that is disabled."""
        if filter.get("filters") is not None:
            return {self.GROUP_OP_TO_MONGO[filter["op"]]: [self.filter_to_mongo(one) for one in filter["filters"]]}
        if filter.get("disabled"):
            return None
        path, op, value = self.key_to_server_path(filter["key"]), filter["op"], filter["value"]
        return {path: value if op == "=" else {self.INDIVIDUAL_OP_TO_MONGO[op]: value}}

    def mongo_to_filter(self, filter: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return a query as a filter of the page; None of an empty one.

        Raises:
            ValueError: the page has no such operator.
        """
        found = [self._one(key, value) for key, value in filter.items()]
        if len(found) > 1:  # several keys hold together
            return {"op": "AND", "filters": found}
        return found[0] if found else None

    def _one(self, key: str, value: Any) -> dict[str, Any]:
        if key in self.MONGO_TO_GROUP_OP:
            return {"op": self.MONGO_TO_GROUP_OP[key], "filters": [self.mongo_to_filter(one) for one in value]}
        if key.startswith("$"):
            raise ValueError(
                f"A filter of the page does not support {key}; it supports {', '.join(self.MONGO_TO_GROUP_OP)}"
            )
        place = self.server_path_to_key(key)
        if not isinstance(value, Mapping):
            return {"key": place, "op": "=", "value": value}
        if unknown := [op for op in value if op not in self.MONGO_TO_INDIVIDUAL_OP]:
            known = ", ".join(self.MONGO_TO_INDIVIDUAL_OP)
            raise ValueError(f"A filter of the page does not support {unknown[0]} on {key}; it supports {known}")
        found = [{"key": place, "op": self.MONGO_TO_INDIVIDUAL_OP[op], "value": one} for op, one in value.items()]
        return found[0] if len(found) == 1 else {"op": "AND", "filters": found}
