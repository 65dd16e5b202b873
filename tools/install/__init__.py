"""The set-up script behind ``make install``: runs on a bare Python, with nothing installed."""

SUPPORTED_PYTHONS = ((3, 11), (3, 12), (3, 13))  # in the order of preference
