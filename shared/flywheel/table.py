"""What the tables of `millrace.toml` are made of: their base, and the values that several keys take."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictFloat, StrictInt

from shared.flywheel.forms import Form, host, page_url, path, path_rule, short_name
from shared.unit import Unit

Name = Annotated[str, AfterValidator(short_name), Form("lower-case letters, digits and single hyphens, at most 63")]
PageUrl = Annotated[str, AfterValidator(page_url), Form("an http:// or https:// address")]
Host = Annotated[str, AfterValidator(host), Form("a host without scheme, port and path")]
Path = Annotated[str, AfterValidator(path), Form("a path that begins with /")]
PathRule = Annotated[str, AfterValidator(path_rule), Form("a regular expression with one group in brackets")]
Label = Annotated[str, Field(min_length=1), Form("non-empty text")]
Pages = Annotated[StrictInt, Field(ge=0, le=100_000_000), Unit("pages")]
Rows = Annotated[StrictInt, Field(ge=0, le=1_000_000_000), Unit("rows")]
Characters = Annotated[StrictInt, Field(ge=0, le=100_000_000), Unit("characters")]
Seconds = Annotated[StrictFloat, Field(ge=0, le=31_536_000), Unit("seconds")]
Ratio = Annotated[StrictFloat, Field(ge=0, le=1), Unit("ratio")]


class Table(BaseModel):
    """The base of every table: immutable, and a key that it doesn't know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
