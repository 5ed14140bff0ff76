"""LitServe as its documentation shows it, with batches of 16 within 2 ms: `litserve_server.py PORT [FOLDER]`."""

import sys
from typing import Any

import litserve
from peer_model import model_of


class Api(litserve.LitAPI):
    """One worker."""

    def setup(self, device: str) -> None:
        """Load the model."""
        del device
        self._model = model_of("".join(sys.argv[2:3]))

    def decode_request(self, request: dict[str, Any], **_: object) -> str:
        """Give the text."""
        text: str = request["text"]
        return text

    def predict(self, texts: list[str], **_: object) -> list[dict[str, float]]:
        """Ask the model."""
        found: list[dict[str, float]] = self._model(list(texts))
        return found

    def encode_response(self, probabilities: dict[str, float], **_: object) -> dict[str, Any]:
        """Give the answer."""
        return {"label": max(probabilities, key=probabilities.__getitem__), "probabilities": probabilities}


if __name__ == "__main__":
    api = Api(max_batch_size=16, batch_timeout=0.002)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(port=int(sys.argv[1]), host="127.0.0.1", log_level="warning", generate_client_file=False)
