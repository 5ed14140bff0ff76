"""Run the console: `python -m services.console`."""

from services.console.cli import main

if __name__ == "__main__":
    main()
