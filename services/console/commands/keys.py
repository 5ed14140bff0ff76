"""`millrace keys`: make, change and show the key that signs models, and the keys that are believed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import msgspec
import typer

from services.console import terminal
from services.console.usage import examples, group
from shared.models.keys import KeyExists, KeyFiles
from shared.models.signing import Signer, UnusableKey
from shared.settings import SigningSettings, load

app = group("Make and change the keys of this flywheel.")
signing = group("Make, change and show the key that signs models, and those that are believed.")
app.add_typer(signing, name="signing")

HEAD: Final = ("key", "", "since", "fingerprint (sha256)", "file")


class KeyLine(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of one key that is believed."""

    key_id: str
    signs: bool
    since: str
    fingerprint: str
    file: str


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Where keys are, which of them signs, or why none does, and which are believed."""

    signing_file: str
    trusted_folder: str
    signs: str | None
    fault: str
    trusted: list[KeyLine]


@signing.command(epilog=examples("millrace keys signing init"))
def init() -> None:
    """Make the key that signs models, and let it be believed; refuses where there is one.

    The local stack makes its own at its first start. The private key is SIGNING_KEY_FILE, and the trainer alone needs
    it; whoever verifies (gateway, console) needs the folder SIGNING_TRUSTED_FOLDER.
    """
    files = _files()
    try:
        with _writing(files):
            made = files.make()
    except KeyExists as error:
        raise terminal.NotDone(
            f"{error}, and it stays. A new one in its place: millrace keys signing rotate"
        ) from error
    terminal.say(f"Key {made} signs from now on, and is believed.")
    terminal.say(f"private  {files.signing}")
    terminal.say(f"public   {files.trusted / f'{made}.pem'}")


@signing.command(epilog=examples("millrace keys signing rotate", "millrace keys signing rotate --yes"))
def rotate(yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False) -> None:
    """Make a new key in place of the one that signs, whose models stay believed; the old private key is overwritten.

    Nothing needs to be started again: the trainer reads its key at each run, and gateways the folder at each
    model. On other machines, copy the new public key there first. Was the old key stolen, then remove its public key
    too: what it signed is no longer believed, so publish again or roll back before.
    """
    files = _files()
    terminal.confirm(f"Overwrite the private key {files.signing} by a new one?", yes)
    with _writing(files):
        done = files.rotate()
    terminal.say(f"Key {done.new} signs from now on, and is believed.")
    old = next((key for key in files.believed() if key.key_id == done.old), None)
    if old is not None:
        terminal.say(f"Key {old.key_id} signs no more; what it signed is believed on. Was it stolen: rm {old.path}")
    elif done.old is None:
        terminal.say("The old private key could not be read. If its public key is in the folder, it is believed on.")
    else:
        terminal.say(f"Key {done.old} signs no more, and was not believed.")
    terminal.say("Nothing needs to be started again here. Elsewhere, these files are to be copied:")
    terminal.say(f"  to the trainer                  {files.signing}")
    terminal.say(f"  to gateways and consoles first  {files.trusted / f'{done.new}.pem'}")


@signing.command(epilog=examples("millrace keys signing show", "millrace keys signing show --json"))
def show(as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False) -> None:
    """Show which key signs and which are believed, since when, their fingerprints, and where the files are."""
    files = _files()
    shown = _shown(files)
    if as_json:
        terminal.write_json(shown)
        return
    if shown.trusted:
        terminal.table(
            HEAD,
            ((key.key_id, "signs" if key.signs else "", key.since, key.fingerprint, key.file) for key in shown.trusted),
        )
    else:
        terminal.say(f"No key is believed: {files.trusted} holds no *.pem. Make one: millrace keys signing init")
    if shown.signs is None:
        terminal.say(f"Nothing is signed here: {shown.fault}.")
    elif not any(key.signs for key in shown.trusted):
        terminal.say(f"Key {shown.signs} in {files.signing} signs, and is not believed: its models are refused.")


def _files() -> KeyFiles:
    return KeyFiles.from_settings(load(SigningSettings))


@contextmanager
def _writing(files: KeyFiles) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise terminal.NotDone(
            f"{error.filename or files.signing} can't be written: {error.strerror}. Let us write there, or name other "
            "places by SIGNING_KEY_FILE and SIGNING_TRUSTED_FOLDER."
        ) from error


def _signs(files: KeyFiles) -> tuple[str | None, str]:
    """Give the id of the key that signs, or else why none does."""
    try:
        return Signer.from_file(files.signing).key_id, ""
    except UnusableKey as error:
        return None, str(error)


def _shown(files: KeyFiles) -> Shown:
    signs, fault = _signs(files)
    lines = [
        KeyLine(
            key_id=key.key_id,
            signs=key.key_id == signs,
            since=f"{key.since:%Y-%m-%d %H:%M:%S %Z}",
            fingerprint=key.fingerprint,
            file=str(key.path),
        )
        for key in files.believed()
    ]
    return Shown(
        signing_file=str(files.signing),
        trusted_folder=str(files.trusted),
        signs=signs,
        fault=fault,
        trusted=lines,
    )
