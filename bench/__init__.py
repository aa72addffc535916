"""`make bench`: the platform's promises about speed, measured beside bare limits and beside the usual way of doing it, in one run."""
