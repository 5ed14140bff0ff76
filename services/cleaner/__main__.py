"""Run the service: `python -m services.cleaner`."""

from services.cleaner.app import NAME, configured_cleaner
from shared.stream.refusal import refusing
from shared.stream.worker import main

if __name__ == "__main__":
    with refusing(NAME):
        cleaner = configured_cleaner()
    main(cleaner.service, make_settler=cleaner.make_settler)
