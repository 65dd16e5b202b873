"""``python -m argus`` is the console command ``argus``."""

from argus.commands.main import main

if __name__ == "__main__":
    main()
