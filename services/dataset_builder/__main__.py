"""Run the service: `python -m services.dataset_builder`."""

from services.dataset_builder.app import Builder
from services.dataset_builder.core.announcement import SERVICE
from services.dataset_builder.settings import DatasetBuilderSettings
from shared.flywheel.load import configured_flywheel
from shared.settings import KafkaSettings, StoreSettings, load
from shared.stream.refusal import refusing
from shared.stream.worker import main

if __name__ == "__main__":
    with refusing(SERVICE):
        builder = Builder(
            flywheel=configured_flywheel(),
            settings=load(DatasetBuilderSettings),
            kafka=load(KafkaSettings),
            bucket=load(StoreSettings).bucket,
        )
    main(builder.service(), builder.committer, companions=(builder.announce,))
