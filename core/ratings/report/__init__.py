"""A rating as one HTML page: no network, no script; for screen and paper."""
