"""Ratings from votes: the fit, its intervals, what may be doubted about it, and the report."""
