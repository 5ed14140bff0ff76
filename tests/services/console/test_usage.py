"""Tests of how commands take options and show them."""

from dataclasses import dataclass
from typing import Annotated

import typer
from typer.testing import CliRunner

from services.console.usage import examples, group, spread


@dataclass(frozen=True)
class Dye:
    """Options that belong together."""

    colour: Annotated[str, typer.Option(help="The colour.")] = "blue"
    coats: int = 1


@spread
def paint(thing: str, dye: Dye, dry: bool = False) -> None:
    """Paint a thing."""
    typer.echo(f"{thing} {dye} {dry}")


def run(*arguments: str) -> tuple[int, str]:
    """Run the command and give its exit code and what it wrote."""
    app = group("Paint.")
    app.command(epilog=examples("paint fence", "paint fence --coats 2"))(paint)
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_a_dataclass_s_fields_are_options() -> None:
    """Options that belong together travel as one argument, with their defaults."""
    assert run("fence") == (0, "fence Dye(colour='blue', coats=1) False\n")
    assert run("fence", "--coats", "2", "--colour", "red", "--dry") == (0, "fence Dye(colour='red', coats=2) True\n")


def test_a_wrong_option_is_wrong_usage() -> None:
    """A spread option is checked like any other."""
    code, said = run("fence", "--coats", "two")
    assert code == 2
    assert "--coats" in said


def test_help_shows_options_and_examples_as_they_are() -> None:
    """Examples keep their lines."""
    code, said = run("--help")
    assert code == 0
    assert "Paint a thing." in said
    assert "The colour." in said
    assert said.endswith("  Examples:\n    paint fence\n    paint fence --coats 2\n")
