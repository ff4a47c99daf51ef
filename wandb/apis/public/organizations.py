"""The members of an organisation, whom Pluto names on its own page only."""

from wandb.apis.public.refused import PEOPLE, Refused


class Organization(Refused):
    """Refused: people are managed on Pluto's own page."""

    instead = PEOPLE
