"""``python -m tests.serve.soak_server PORT MODEL``: a server of its own process, to lean on."""

import sys
from typing import Any

TASKS = ("depth", "saliency", "classification")


def fake() -> Any:
    """Functions of the picture, a hundredth of a second each."""
    from tests.serve.fake_model import FakeModel

    FakeModel.seconds = 0.01
    return FakeModel(*TASKS)


def network() -> Any:
    """A network of random weights."""
    from argus.api import Argus
    from tests.tiny_model import tiny_model

    return Argus(tiny_model(*TASKS))


if __name__ == "__main__":
    make_model = dict(fake=fake, network=network)[sys.argv[2]]
    from argus.serve import run

    run(make_model(), port=int(sys.argv[1]), max_upload_mb=0.5, examples=False)
