"""What differs between deployments of the dataset builder."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import Seconds, Settings


class DatasetBuilderSettings(Settings):
    """How often the builder looks whether a version is ready, and what a person has told it to accept."""

    model_config = SettingsConfigDict(env_prefix="DATASET_BUILDER_")

    poll_seconds: Seconds = Field(default=1, description="The pause between two looks at the newest version.")
    reconcile_seconds: Seconds = Field(
        default=60, description="The pause between two looks for ready versions that nobody was told of."
    )
    adopt: Annotated[str, Field(max_length=200)] = Field(
        default="",
        description="The ids, with commas between, of topics whose records are taken from wherever they begin: for "
        "those that were created anew, or have lost records. Unset it once a version was committed.",
        examples=["Wq1sjyWFQnmSyVYrPLgm6A"],
    )

    @property
    def adopted(self) -> frozenset[str]:
        """Give the ids in `adopt`."""
        return frozenset(id_.strip() for id_ in self.adopt.split(",") if id_.strip())
