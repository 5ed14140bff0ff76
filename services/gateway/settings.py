"""What differs between deployments of the gateway: its address, its keys, and how much it takes at once."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from shared.api_key import ApiKey
from shared.settings import MASK, Port, Seconds, Settings, home
from shared.unit import Unit

Bytes = Annotated[int, Field(ge=1_024, le=1_073_741_824), Unit("bytes")]
Texts = Annotated[int, Field(ge=1, le=1_000_000), Unit("texts")]
LEAST_CHARACTERS: Final = 16


class GatewaySettings(Settings):
    """Where the gateway listens, who may ask it, and how much it takes at once."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_")

    host: str = Field(default="127.0.0.1", min_length=1, description="The address to listen on.")
    port: Port = Field(default=8080, description="The port to listen on; 0 takes a free one.")
    api_key: ApiKey = Field(
        default=SecretStr(""),
        description="The key that callers send, `Authorization: Bearer …`; at least 16 characters.",
        examples=[MASK],
    )
    allow_anonymous: bool = Field(
        default=False,
        validate_default=True,
        description="Whether callers need no key. Only where nobody else reaches it.",
    )
    request_secret: SecretStr = Field(
        description="What request ids are signed with, at least 16 characters; the same for every gateway. A new one "
        "disowns the ids so far.",
        examples=[MASK],
    )
    customer: str = Field(
        default="default", min_length=1, max_length=63, description="Whose key that is: it stands on every record."
    )
    body_bytes: Bytes = Field(default=1_048_576, description="The longest body of a request.")
    body_seconds: Seconds = Field(default=10, description="How long a body may take to come.")
    texts: Texts = Field(default=64, description="The most texts in one request.")
    # A record of Kafka's takes 1 MiB, and a character up to six bytes of JSON.
    text_characters: Annotated[int, Field(ge=1, le=100_000), Unit("characters")] = Field(
        default=20_000, description="The longest text. The model may read less of it."
    )
    queue_texts: Texts = Field(default=1_024, description="How many texts may wait; beyond that callers hear 503.")
    deadline_seconds: Seconds = Field(default=10, description="How long a request may wait for its answer.")
    drain_seconds: Seconds = Field(default=20, description="How long a stop waits for requests, and then for records.")
    poll_seconds: Seconds = Field(default=5, description="How often the aliases in S3 are read.")
    model_cache: Path = Field(
        default_factory=lambda: home() / "cache" / "models",
        description="The folder of fetched models, by digest. By default cache/models in MILLRACE_HOME.",
        examples=["/var/cache/millrace"],
    )
    record_bytes: Bytes = Field(
        default=16_777_216, description="How much of what is to be recorded may wait for Kafka, roughly."
    )
    feedback_days: Annotated[int, Field(ge=1, le=3_650), Unit("days")] = Field(
        default=30, description="How long a request id is good for feedback without the text it was for."
    )

    @field_validator("api_key", "request_secret")
    @classmethod
    def _is_long_enough(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        said = value.get_secret_value()
        if info.field_name == "api_key" and not said:
            return value
        if len(said) < LEAST_CHARACTERS or not said.isascii():
            raise ValueError(f"not {LEAST_CHARACTERS} ASCII characters or more, such as `openssl rand -hex 24` gives")
        return value

    @field_validator("allow_anonymous")
    @classmethod
    def _says_so(cls, value: bool, info: ValidationInfo) -> bool:
        key = info.data.get("api_key")
        if not value and key is not None and not key.get_secret_value():
            raise ValueError("GATEWAY_API_KEY is not set, so nobody could ask. Set it, or let everybody: true")
        return value
