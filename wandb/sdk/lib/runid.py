"""Run ids."""

import secrets
from string import ascii_lowercase, digits


def generate_id(length: int = 8) -> str:
    """Return a random id of `length` lower-case letters and digits."""
    return "".join(secrets.choice(ascii_lowercase + digits) for _ in range(length))


generate_fast_id = generate_id
