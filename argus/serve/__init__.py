"""The page of ``argus serve``, and the REST endpoint that comes with it.

Nothing here needs the network: fonts and scripts come from this machine, and Gradio's telemetry is
off.
"""

from argus.serve.app import run, start

__all__ = ["run", "start"]
