"""The tables and keys of `millrace.toml`: the one list of what can be said in it, with every default and unit."""

from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, StrictInt, ValidationInfo, field_validator, model_validator

from shared.flywheel.agreement import disagreements
from shared.flywheel.learning import Gate, Language, Task
from shared.flywheel.reach import first_kept_out
from shared.flywheel.table import (
    Characters,
    Host,
    Label,
    Name,
    Pages,
    PageUrl,
    Path,
    PathRule,
    Ratio,
    Rows,
    Seconds,
    Table,
)
from shared.unit import Unit

LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Expected(Table):
    """How many pages a whole crawl of the source brings; a crawl outside of it fails."""

    min_pages: Pages = Field(default=1, description="Fewer published pages than this fail the crawl.")
    max_pages: Pages | None = Field(default=None, description="More published pages than this fail the crawl.")

    @field_validator("max_pages")
    @classmethod
    def _not_below_the_least(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and value < info.data.get("min_pages", 0):
            raise ValueError(f"less than min_pages, which is {info.data['min_pages']:,}")
        return value


class LabelRule(Table):
    """How a label is read from the path of a page's URL."""

    path: PathRule = Field(
        description="A regular expression, searched in the URL's path; its one group is the value.",
        examples=["^/[^/]+/text/s(calc|writer)/"],
    )
    values: dict[str, Label] = Field(
        default_factory=dict, description="Other names for what the group found; what is not listed keeps its own."
    )


class GroupRule(Table):
    """Which pages of a source must share a split, such as the translations of one page."""

    path: PathRule = Field(
        description="A regular expression, searched in the URL's path; its one group names the group. A page that it "
        "doesn't match is a group of its own.",
        examples=["^/[^/]+(/.*)$"],
    )
    name: Name | None = Field(
        default=None,
        description="What the groups are called before the colon, by default the source's name. Sources that give the "
        "same name share their groups, such as two languages of one site.",
        examples=["my-site"],
    )


class Source(Table):
    """One site: where to begin, where to stop, and what is known of its pages."""

    name: Name = Field(description="What the source is called everywhere: in commands, on records, in metrics.")
    start_urls: tuple[PageUrl, ...] = Field(
        default=(), description="Pages to begin with.", examples=[["https://www.example.org/"]]
    )
    sitemap_urls: tuple[PageUrl, ...] = Field(
        default=(),
        validate_default=True,
        description="Sitemaps (sitemaps.org) to read pages from. A source needs this or `start_urls`.",
        examples=[["https://www.example.org/sitemap.xml"]],
    )
    allowed_hosts: tuple[Host, ...] = Field(
        default=(),
        description="Hosts that may be fetched; by default those of the start URLs and sitemaps.",
        examples=[["www.example.org"]],
    )
    allowed_paths: tuple[Path, ...] = Field(default=("/",), description="Only paths that begin with one of these.")
    denied_paths: tuple[Path, ...] = Field(default=(), description="No paths that begin with one of these.")
    page_limit: Pages = Field(default=1_000, description="The most pages that one crawl publishes.")
    depth_limit: Annotated[StrictInt, Field(ge=0, le=1_000), Unit("links")] = Field(
        default=20, description="How many links a page may be away from where the crawl begins."
    )
    delay_seconds: Seconds = Field(
        default=1.0, description="The pause between two requests to a host; 0 is for a loopback address only."
    )
    concurrency: Annotated[StrictInt, Field(ge=1, le=16), Unit("requests")] = Field(
        default=1, description="Requests to a host at once."
    )
    max_page_bytes: Annotated[StrictInt, Field(ge=1_024, le=64 * 1024 * 1024), Unit("bytes")] = Field(
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
        return self.allowed_hosts or _hosts_of((*self.start_urls, *self.sitemap_urls))

    @field_validator("sitemap_urls")
    @classmethod
    def _begins_somewhere(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not value and info.data.get("start_urls") == ():
            raise ValueError("neither start_urls nor sitemap_urls is given: there is nothing to begin with")
        return value

    @field_validator("allowed_hosts", "allowed_paths", "denied_paths")
    @classmethod
    def _lets_the_crawl_begin(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if kept_out := first_kept_out(info.data, str(info.field_name), value):
            raise ValueError(f"this way {kept_out} would not be fetched: let it in, or begin elsewhere")
        return value

    @field_validator("delay_seconds")
    @classmethod
    def _waits_off_loopback(cls, value: float, info: ValidationInfo) -> float:
        # A faulty key is not in `info.data`: then its own fault is told, and this one isn't guessed.
        keys = ("start_urls", "sitemap_urls", "allowed_hosts")
        if value > 0 or not all(key in info.data for key in keys):
            return value
        starts, sitemaps, allowed = (info.data[key] for key in keys)
        outside = sorted({*allowed, *_hosts_of((*starts, *sitemaps))} - LOOPBACK_HOSTS)
        if outside:
            raise ValueError(f"no pause is for loopback addresses only, and {outside[0]} is none")
        return value

    @field_validator("expected")
    @classmethod
    def _can_be_reached(cls, value: Expected, info: ValidationInfo) -> Expected:
        if value.min_pages > info.data.get("page_limit", value.min_pages):
            raise ValueError(
                f"min_pages is more than page_limit, which is {info.data['page_limit']:,}: every crawl would fail. "
                "Raise page_limit, or lower min_pages"
            )
        return value


def _hosts_of(urls: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(urlsplit(url).hostname or "" for url in urls))


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

    @field_validator("max_characters")
    @classmethod
    def _not_below_the_least(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("min_characters", 0):
            raise ValueError(f"less than min_characters, which is {info.data['min_characters']:,}")
        return value


class ChineseProfile(Profile):
    """The same for Chinese, with the defaults of FineWeb-2 for it."""

    min_characters: Characters = Field(default=50, description="A shorter text is rejected.")
    max_duplicate_line_ratio: Ratio = Field(default=0.287, description="The largest share of repeated lines (Gopher).")
    max_top_ngram_ratio: Ratio = Field(
        default=0.256, description="The largest share of characters in the most frequent 2-gram of words (Gopher)."
    )


ENGLISH: Final = Profile()
CHINESE: Final = ChineseProfile()


class Cleaning(Table):
    """How pages become text, and which are turned away."""

    revision: Annotated[StrictInt, Field(ge=1), Unit("revision")] = Field(
        default=1, description="Raise it when the rules change: of one fetch, what the higher revision made wins."
    )
    mask: tuple[Literal["email", "phone", "resident-id", "bank-card"], ...] = Field(
        default=("email", "phone", "resident-id", "bank-card"), description="Personal data that is masked."
    )
    near_duplicate_similarity: Ratio = Field(
        default=0.7,
        description="From which Jaccard similarity on, by an estimate of 128 hashes, texts are near duplicates. "
        "At 0.7 it finds 95 of 100 pairs that are 0.8 alike.",
    )
    en: Profile = Field(default=ENGLISH, description="Thresholds for English.")
    zh: ChineseProfile = Field(default=CHINESE, description="Thresholds for Chinese.")


class Augmentation(Table):
    """Which copies are made of training documents."""

    operations: tuple[str, ...] = Field(default=(), description="Augmentations to apply, by name; none by default.")
    copies: Annotated[StrictInt, Field(ge=1, le=16), Unit("copies")] = Field(
        default=1, description="Copies that each operation makes of a document."
    )
    seed: Annotated[StrictInt, Field(ge=0), Unit("seed")] = Field(default=0, description="Changes every copy.")
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
    paragraphs: Annotated[StrictInt, Field(ge=0, le=100), Unit("paragraphs")] = Field(
        default=3, description="How many first paragraphs of a page are rows of their own, where a task asks for them."
    )
    ready: Readiness = Field(default=Readiness(), description="When a version is worth training on.")
    evaluation: Evaluation = Field(default=Evaluation(), description="When an evaluation set is made.")


class Feedback(Table):
    """What becomes of customers' corrections."""

    review: Literal["manual", "auto"] = Field(
        default="manual", description="Whether a person accepts corrections (`millrace feedback`), or all are accepted."
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
        found = [f"{one.value!r}: {one.message}" for one in disagreements(self.model_dump())]
        if found:
            raise ValueError("; ".join(found))
        return self
