"""The console command ``argus``: a module per sub-command, with ``add_arguments`` and ``run``.

And what they share: options, configs, errors and exit statuses, processes, progress.
"""
