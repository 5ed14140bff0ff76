"""What every service image starts with: `SERVICE`, set when the image is built, names the service that it runs.

Each container must be a member of its Kafka group under a name of its own: the locks that tell processes apart on one
machine are not seen from one container to the next. Its host name is one: the pod's name, or the container's id.
"""

import os
import runpy
import socket


def main() -> None:
    """Run the service with this process's arguments."""
    service = os.environ["SERVICE"]
    for variable in ("STREAM_INSTANCE_ID", "TRAINER_INSTANCE_ID"):
        os.environ.setdefault(variable, f"{service}-{socket.gethostname()}")
    runpy.run_module(f"services.{service}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
