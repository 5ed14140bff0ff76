"""What Kafka's errors mean to whoever asked: wait, or have a person look."""

from collections.abc import Iterator
from contextlib import contextmanager

from kafka.errors import AuthorizationError, KafkaError, KafkaTimeoutError, SaslAuthenticationFailedError

from shared.io.outage import Misconfigured, Outage
from shared.settings import KafkaSettings


@contextmanager
def kafka_errors(settings: KafkaSettings) -> Iterator[None]:
    """Let Kafka's errors out as `Outage`, or as `Misconfigured` where only a person can help."""
    place = f"Kafka at {settings.bootstrap_servers}"
    try:
        yield
    except (AuthorizationError, SaslAuthenticationFailedError) as error:
        raise Misconfigured(f"{place} does not let us: {error}. Give our principal the right that it names") from error
    except KafkaTimeoutError as error:
        raise Outage(f"{place} does not answer: {error}") from error
    except KafkaError as error:
        raise Outage(f"{place}: {error or error!r}") from error
