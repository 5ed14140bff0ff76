"""The tables and keys of `millrace.toml`: the one list of what can be said in it, with every default and unit."""

import re
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from shared.unit import Unit

Language = Literal["en", "zh"]

NAME_LIMIT: Final = 63
LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value) or len(value) > NAME_LIMIT:
        raise ValueError("not lower-case letters, digits and single hyphens, at most 63 of them, such as my-site")
    return value


def _page_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError("not an http:// or https:// address with a host")
    return value


def _path(value: str) -> str:
    if not value.startswith("/"):
        raise ValueError("not a path that begins with /")
    return value


def _path_rule(value: str) -> str:
    try:
        groups = re.compile(value).groups
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    if groups != 1:
        raise ValueError(f"it needs exactly one group in brackets, and has {groups}")
    return value


Name = Annotated[str, AfterValidator(_name)]
PageUrl = Annotated[str, AfterValidator(_page_url)]
Path = Annotated[str, AfterValidator(_path)]
PathRule = Annotated[str, AfterValidator(_path_rule)]
Pages = Annotated[int, Field(ge=0, le=100_000_000), Unit("pages")]
Rows = Annotated[int, Field(ge=0, le=1_000_000_000), Unit("rows")]
Characters = Annotated[int, Field(ge=0, le=100_000_000), Unit("characters")]
Seconds = Annotated[float, Field(ge=0, le=31_536_000), Unit("seconds")]
Ratio = Annotated[float, Field(ge=0, le=1), Unit("ratio")]


class Table(BaseModel):
    """The base of every table: immutable, and a key that it doesn't know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Expected(Table):
    """How many pages a whole crawl of the source brings; a crawl outside of it fails."""

    min_pages: Pages = Field(default=1, description="Fewer published pages than this fail the crawl.")
    max_pages: Pages | None = Field(default=None, description="More published pages than this fail the crawl.")


class LabelRule(Table):
    """How a label is read from the path of a page's URL."""

    path: PathRule = Field(
        description="A regular expression, searched in the URL's path; its one group is the value.",
        examples=["^/[^/]+/text/s(calc|writer)/"],
    )
    values: dict[str, str] = Field(
        default_factory=dict, description="Other names for what the group found; what is not listed keeps its own."
    )


class GroupRule(Table):
    """Which pages of a source must share a split, such as the translations of one page."""

    path: PathRule = Field(
        description="A regular expression, searched in the URL's path; its one group names the group. A page that it "
        "doesn't match is a group of its own.",
        examples=["^/[^/]+(/.*)$"],
    )


class Source(Table):
    """One site: where to begin, where to stop, and what is known of its pages."""

    name: Name = Field(description="What the source is called everywhere: in commands, on records, in metrics.")
    start_urls: tuple[PageUrl, ...] = Field(default=(), description="Pages to begin with.")
    sitemap_urls: tuple[PageUrl, ...] = Field(default=(), description="Sitemaps (sitemaps.org) to read pages from.")
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="Hosts that may be fetched; by default those of the start URLs and sitemaps."
    )
    allowed_paths: tuple[Path, ...] = Field(default=("/",), description="Only paths that begin with one of these.")
    denied_paths: tuple[Path, ...] = Field(default=(), description="No paths that begin with one of these.")
    page_limit: Pages = Field(default=1_000, description="The most pages that one crawl publishes.")
    depth_limit: Annotated[int, Field(ge=0, le=1_000), Unit("links")] = Field(
        default=20, description="How many links a page may be away from where the crawl begins."
    )
    delay_seconds: Seconds = Field(
        default=1.0, description="The pause between two requests to a host; 0 is for a loopback address only."
    )
    concurrency: Annotated[int, Field(ge=1, le=16), Unit("requests")] = Field(
        default=1, description="Requests to a host at once."
    )
    max_page_bytes: Annotated[int, Field(ge=1_024, le=64 * 1024 * 1024), Unit("bytes")] = Field(
        default=8 * 1024 * 1024, description="A larger page is refused and counted."
    )
    licence: str = Field(
        min_length=1,
        description="The licence of the pages, an SPDX identifier where there is one.",
        examples=["MPL-2.0"],
    )
    languages: tuple[Language, ...] = Field(
        default=("en", "zh"), min_length=1, description="A page in another language is rejected."
    )
    spider: str = Field(default="site", min_length=1, description="The Scrapy spider that reads it.")
    labels: dict[Name, LabelRule] = Field(default_factory=dict, description="Labels, by name, from the URL's path.")
    group: GroupRule | None = Field(default=None, description="Which pages share a split.")
    expected: Expected = Field(default=Expected(), description="What a whole crawl brings.")

    @property
    def hosts(self) -> tuple[str, ...]:
        """Give the hosts that may be fetched."""
        urls = (*self.start_urls, *self.sitemap_urls)
        return self.allowed_hosts or tuple(dict.fromkeys(urlsplit(url).hostname or "" for url in urls))

    @model_validator(mode="after")
    def _can_be_crawled(self) -> Self:
        if not self.start_urls and not self.sitemap_urls:
            raise ValueError("give start_urls or sitemap_urls: without either there is nothing to begin with")
        if self.delay_seconds == 0 and not LOOPBACK_HOSTS.issuperset(self.hosts):
            raise ValueError("delay_seconds = 0 is for loopback addresses only; say how long to wait between requests")
        return self


class Profile(Table):
    """The thresholds of one language's cleaning rules."""

    min_characters: Characters = Field(default=100, description="A shorter text is rejected.")
    max_characters: Characters = Field(default=1_000_000, description="A longer text is rejected.")
    max_symbol_ratio: Ratio = Field(default=0.1, description="The most `#` and `…` to words (Gopher).")
    min_letter_ratio: Ratio = Field(default=0.5, description="The least share of letters in all but space.")
    max_duplicate_line_ratio: Ratio = Field(default=0.3, description="The largest share of repeated lines (Gopher).")
    max_top_ngram_ratio: Ratio = Field(
        default=0.2, description="The largest share of characters in the most frequent 2-gram of words (Gopher)."
    )
    min_language_score: Ratio = Field(default=0.5, description="How sure the language must be.")


ENGLISH: Final = Profile()
CHINESE: Final = Profile(min_characters=50, max_duplicate_line_ratio=0.287, max_top_ngram_ratio=0.256)


class Cleaning(Table):
    """How pages become text, and which are turned away."""

    revision: Annotated[int, Field(ge=1), Unit("revision")] = Field(
        default=1, description="Raise it when the rules change: of one fetch, what the higher revision made wins."
    )
    mask: tuple[Literal["email", "phone", "resident-id", "bank-card"], ...] = Field(
        default=("email", "phone", "resident-id", "bank-card"), description="Personal data that is masked."
    )
    near_duplicate_similarity: Ratio = Field(
        default=0.8, description="From which Jaccard similarity on two texts are near duplicates."
    )
    en: Profile = Field(default=ENGLISH, description="Thresholds for English.")
    zh: Profile = Field(default=CHINESE, description="Thresholds for Chinese.")


class Augmentation(Table):
    """Which copies are made of training documents."""

    operations: tuple[str, ...] = Field(default=(), description="Augmentations to apply, by name; none by default.")
    copies: Annotated[int, Field(ge=1, le=16), Unit("copies")] = Field(
        default=1, description="Copies that each operation makes of a document."
    )
    seed: Annotated[int, Field(ge=0), Unit("seed")] = Field(default=0, description="Changes every copy.")
    strength: Ratio = Field(default=0.1, description="The share of words that one copy changes.")
    synonyms: str | None = Field(
        default=None,
        description="A file of synonyms, one set a line with commas between; the path is from millrace.toml.",
        examples=["synonyms.txt"],
    )


class Readiness(Table):
    """When a dataset version is worth training on: enough new rows, or old enough, and every label covered."""

    new_rows: Rows = Field(default=500, description="So many training rows more than the last version that was ready.")
    max_age_seconds: Seconds = Field(
        default=3_600, description="Or any new row, once the last version that was ready is this old."
    )
    min_rows_per_label: Rows = Field(default=5, description="Training rows that each label of each task needs.")
    quiet_seconds: Seconds = Field(
        default=5, description="Nothing is ready while rows still come in: so long must the last commit be ago."
    )


class Evaluation(Table):
    """When the rows of the validation and test groups make an evaluation set."""

    min_rows_per_label: Rows = Field(default=1, description="Rows that each label needs in validation and in test.")
    min_rows_per_language: Rows = Field(default=1, description="The same for each language.")


class Dataset(Table):
    """The dataset that the flywheel grows."""

    name: Name = Field(description="What the dataset is called, and its folder in S3.")
    paragraphs: Annotated[int, Field(ge=0, le=100), Unit("paragraphs")] = Field(
        default=3, description="How many first paragraphs of a page are rows of their own, where a task asks for them."
    )
    ready: Readiness = Field(default=Readiness(), description="When a version is worth training on.")
    evaluation: Evaluation = Field(default=Evaluation(), description="When an evaluation set is made.")


class Task(Table):
    """What is learnt from the rows."""

    name: Name = Field(description="What the task, and its model, are called.")
    kind: Literal["text-classification"] = Field(default="text-classification", description="What kind of task it is.")
    label: Name = Field(description="The label to learn: one that a source's rule reads.")
    texts: tuple[Literal["page", "title", "heading", "paragraph"], ...] = Field(
        default=("page",), min_length=1, description="What is a row: the page's text, its title, headings, paragraphs."
    )
    languages: tuple[Language, ...] = Field(default=("en", "zh"), min_length=1, description="Languages to learn.")


class Gate(Table):
    """What a challenger must reach before it replaces the champion."""

    max_loss_points: Annotated[float, Field(ge=0, le=100), Unit("points")] = Field(
        default=0.5, description="How far below the best ever a champion may be."
    )
    confidence: Ratio = Field(default=0.95, description="The confidence of the bounds that are compared.")


class Feedback(Table):
    """What becomes of customers' corrections."""

    review: Literal["manual", "auto"] = Field(
        default="manual", description="Whether a person accepts corrections, or all are accepted."
    )


class Flywheel(Table):
    """The whole of `millrace.toml`."""

    sources: tuple[Source, ...] = Field(min_length=1, description="The sites to read.")
    cleaning: Cleaning = Field(default=Cleaning(), description="How pages become text.")
    augmentation: Augmentation = Field(default=Augmentation(), description="Copies for training.")
    dataset: Dataset = Field(description="The dataset that grows.")
    tasks: tuple[Task, ...] = Field(default=(), description="What is learnt.")
    gate: Gate = Field(default=Gate(), description="What a challenger must reach.")
    feedback: Feedback = Field(default=Feedback(), description="What becomes of corrections.")

    def source(self, name: str) -> Source:
        """Find a source by its name; raises `KeyError`."""
        return {source.name: source for source in self.sources}[name]

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        for what, names in (("sources", self.sources), ("tasks", self.tasks)):
            seen = [one.name for one in names]
            if twice := {name for name in seen if seen.count(name) > 1}:
                raise ValueError(f"two {what} have one name: {', '.join(sorted(twice))}")
        known = {label for source in self.sources for label in source.labels}
        for task in self.tasks:
            if task.label not in known:
                there = ", ".join(sorted(known)) or "none; give a source a [sources.labels] table"
                raise ValueError(f"task {task.name} learns {task.label!r}, which no source labels. There are: {there}")
        return self
