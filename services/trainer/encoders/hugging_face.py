"""Any encoder of the Hugging Face hub, `hf:<owner>/<name>@<revision>`: safetensors only, and none of its own code."""

from functools import partial
from pathlib import Path
from typing import Final

from httpx import HTTPError
from huggingface_hub import constants, snapshot_download
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

from services.trainer.encoders.encoder import Pretrained, TransformerEncoder
from services.trainer.weights import EncoderMissing, digest_of

FAMILY: Final = "hf:"
FILES: Final = ("config.json", "tokenizer.json", "model*.safetensors", "model.safetensors.index.json")


def hugging_face(name: str) -> TransformerEncoder:
    """Give the encoder that `name` names; its revision is the 40 digits of a commit, so it never changes."""
    repository, _, revision = name.removeprefix(FAMILY).partition("@")
    return TransformerEncoder(name, partial(find, repository, revision), f"as said on the hub by {repository}")


def find(repository: str, revision: str, wheels: Path, cache: Path) -> Pretrained:
    """Give the weights out of the hub's cache (`HF_HOME`), fetched where they aren't there."""
    del wheels, cache
    wanted = f"{repository}@{revision}"
    try:
        folder = Path(snapshot_download(repository, revision=revision, allow_patterns=list(FILES)))
    except GatedRepoError as error:
        raise EncoderMissing(f"{wanted} asks for an agreement: give it on the hub, and set HF_TOKEN") from error
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise EncoderMissing(f"{constants.ENDPOINT} has no {wanted}: mend the recipe's encoders") from error
    except (HTTPError, OSError) as error:
        raise EncoderMissing(
            f"{wanted} isn't in the hub's cache, {constants.HF_HUB_CACHE}, and {constants.ENDPOINT} can't be reached "
            "for it. Set HF_ENDPOINT to a mirror that can be, or fetch it where there is a network and copy that "
            f"folder, which HF_HUB_CACHE names ({type(error).__name__}: {error})"
        ) from error
    return _whole(folder, wanted)


def _whole(folder: Path, wanted: str) -> Pretrained:
    """Look whether all is there that is read; raises `EncoderMissing`."""
    config, tokenizer = folder / "config.json", folder / "tokenizer.json"
    weights = sorted(folder.glob("model*.safetensors"))
    if not weights:
        raise EncoderMissing(f"{wanted} has no safetensors, and pickles aren't read: choose another revision")
    for path in (config, tokenizer):
        if not path.is_file():
            raise EncoderMissing(f"{wanted} has no {path.name}: choose another encoder")
    return Pretrained(folder, tokenizer, f"hf:{wanted}", digest_of(config, tokenizer, *weights))
