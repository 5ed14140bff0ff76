"""Run the service: `python -m services.dataset_builder`."""

import sys

from services.dataset_builder.app import Builder
from services.dataset_builder.core.announcement import SERVICE
from services.dataset_builder.settings import DatasetBuilderSettings
from shared.settings import KafkaSettings, SettingsError, StoreSettings, load
from shared.stream.exits import Exit
from shared.stream.worker import configured, main


def builder() -> Builder:
    """Make the builder that the flywheel's file and the environment ask for; ends the process where they are wrong."""
    flywheel = configured(SERVICE)
    try:
        return Builder(
            flywheel=flywheel,
            settings=load(DatasetBuilderSettings),
            kafka=load(KafkaSettings),
            bucket=load(StoreSettings).bucket,
        )
    except SettingsError as error:
        sys.stderr.write(f"{SERVICE}: {error}\n")
        raise SystemExit(Exit.HALTED) from error


if __name__ == "__main__":
    made = builder()
    main(made.service(), made.committer, companions=(made.announce,))
