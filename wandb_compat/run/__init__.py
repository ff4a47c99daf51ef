"""What native runs and dual mode share: history, metric definitions, alerts, console, distributed jobs."""
