"""The chain from an answer back to a page, as `millrace trace --json` writes it, and what it lacks."""

import msgspec

from shared.io.gateway_client import Answer


class Predicted(msgspec.Struct, frozen=True, kw_only=True):
    """The record of an answer: the versions of the model that gave it, and of the dataset that this learnt from."""

    request_id: str
    model_version: int
    dataset_version: int


class Version(msgspec.Struct, frozen=True):
    """A version, of a model or a dataset, that was found."""

    version: int


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The page of the nearest row; whether its raw bytes are there."""

    url: str
    is_there: bool


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """As much of a chain as we ask for; `unread` and `gone` say why links are missing."""

    prediction: Predicted
    model: Version | None
    dataset: Version | None
    page: Page | None
    unread: str = ""
    gone: tuple[str, ...] = ()

    def lacks(self, answer: Answer) -> str:
        """Say which links are missing between this answer and a page that is there, and why; empty where none is."""
        said = self.prediction
        links = {
            "record of the answer": said.request_id == answer.request_id,
            f"model version {answer.model_version}": self.model == Version(answer.model_version),
            f"dataset version {said.dataset_version}": self.dataset == Version(said.dataset_version),
            "page that is there": self.page is not None and self.page.is_there,
        }
        missing = [link for link, found in links.items() if not found]
        reasons = filter(None, (self.unread, *self.gone))
        return " ".join((f"no {', no '.join(missing)}.", *reasons)) if missing else ""
