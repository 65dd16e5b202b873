"""The console command ``argus``: a module per sub-command, with ``add_arguments`` and ``run``."""
