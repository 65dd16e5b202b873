"""Processes as such: how they end, and what they give back to the system.

Nothing here knows what a process is at work on. Groups of processes that train together are
:mod:`argus.engine.distributed`'s, and how they are started :mod:`argus.commands.launch`'s.
"""
