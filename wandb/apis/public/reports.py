"""Reports, which Pluto has not."""

from wandb.apis.public.refused import REPORTS, Refused


class BetaReport(Refused):
    """Refused: Pluto has no reports."""

    instead = REPORTS


class Reports(Refused):
    """Refused: Pluto has no reports."""

    instead = REPORTS


class PanelMetricsHelper(Refused):
    """Refused: Pluto has no reports."""

    instead = REPORTS


class PythonMongoishQueryGenerator(Refused):
    """Refused: Pluto has no reports."""

    instead = REPORTS
