"""Run the service: `python -m services.cleaner`."""

from services.cleaner.app import configured_service
from shared.stream.worker import main

if __name__ == "__main__":
    main(configured_service())
