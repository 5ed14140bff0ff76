"""How `--help` looks: plain text, which reads the same in a terminal, in a pipe and in a manual."""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, get_type_hints

import typer


class Command(NamedTuple):
    """One command of its own: what it does, and what is shown below its options."""

    run: Callable[..., None]
    epilog: str


def group(description: str) -> typer.Typer:
    """Make a group of commands."""
    return typer.Typer(
        help=description,
        no_args_is_help=True,
        rich_markup_mode=None,
        add_completion=False,
        pretty_exceptions_enable=False,
    )


def examples(*lines: str) -> str:
    r"""Give the epilog that shows `lines` as they are; `\b` keeps them from being filled to a paragraph."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take a dataclass as one argument, whose fields are options of their own on the command line."""
    parameters = inspect.signature(command, eval_str=True).parameters
    groups: dict[str, type[Any]] = {
        name: one.annotation
        for name, one in parameters.items()
        if isinstance(one.annotation, type) and dataclasses.is_dataclass(one.annotation)
    }

    def run(**values: object) -> None:
        grouped = {
            name: kind(**{field.name: values.pop(field.name) for field in dataclasses.fields(kind)})
            for name, kind in groups.items()
        }
        command(**values, **grouped)

    spread_out = [one for name, one in parameters.items() if name not in groups]
    for kind in groups.values():
        spread_out += _fields_as_parameters(kind)
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__dict__["__signature__"] = inspect.Signature(spread_out)
    run.__annotations__ = {one.name: one.annotation for one in spread_out}
    return run


def _fields_as_parameters(kind: type[Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in dataclasses.fields(kind)
    ]
