"""FastAPI as its tutorial shows it, on uvicorn with uvloop and httptools: `fastapi_server.py PORT [FOLDER]`."""

import sys

import uvicorn
from fastapi import FastAPI
from peer_model import model_of
from pydantic import BaseModel

app = FastAPI()
port, *folder = sys.argv[1:]
model = model_of("".join(folder))


class Asked(BaseModel):
    """A text."""

    text: str


class Answered(BaseModel):
    """What it is."""

    label: str
    probabilities: dict[str, float]


def answered(text: str) -> Answered:
    """Ask the model."""
    (probabilities,) = model([text])
    return Answered(label=max(probabilities, key=probabilities.__getitem__), probabilities=probabilities)


if folder:

    @app.post("/predict")
    def predict(asked: Asked) -> Answered:
        """Compute in the thread pool, for a model blocks."""
        return answered(asked.text)

else:

    @app.post("/predict")
    async def predict_at_once(asked: Asked) -> Answered:
        """Answer in the event loop, which is the cheapest way there is for what doesn't block."""
        return answered(asked.text)


if __name__ == "__main__":
    uvicorn.run(app, port=int(port), loop="uvloop", http="httptools", access_log=False, log_level="warning")
