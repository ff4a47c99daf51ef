"""Turns what can go wrong between here and the server into `wandb.CommError`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from wandb.errors import AuthenticationError, CommError, Error

Function = TypeVar("Function", bound=Callable[..., Any])


def normalize_exceptions(function: Function) -> Function:
    """Return a function that raises `wandb.CommError` where the server cannot be asked or refuses."""

    @wraps(function)
    def asked(*args: Any, **kwargs: Any) -> Any:
        from wandb_compat.wire.errors import Unauthorized, WireError

        try:
            return function(*args, **kwargs)
        except Error:
            raise
        except Unauthorized as error:
            raise AuthenticationError(str(error), error) from error
        except WireError as error:
            raise CommError(str(error), error) from error

    return cast(Function, asked)
