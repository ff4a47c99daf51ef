"""What wrote the filters of reports."""

from wandb.apis.public.refused import REPORTS, Refused


class QueryGenerator(Refused):
    """Refused: Pluto has no reports."""

    instead = REPORTS
