"""Measures the product beside its peers, in interleaved rounds of one run."""
