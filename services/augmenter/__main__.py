"""Run the service: `python -m services.augmenter`."""

from services.augmenter.app import NAME, service
from shared.stream.refusal import refusing
from shared.stream.worker import main

if __name__ == "__main__":
    with refusing(NAME):
        augmenter = service()
    main(augmenter)
