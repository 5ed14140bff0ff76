"""Run the service: `python -m services.augmenter`."""

from services.augmenter.app import service
from shared.stream.worker import main

if __name__ == "__main__":
    main(service())
