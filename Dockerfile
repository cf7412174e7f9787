# The warehouse, its scheduler and its dashboard in one image: docker build -t targetgraph .
# What learns (`analytics`, `pgmpy`) is left out; add it with --build-arg EXTRAS=dashboard,dask,neo4j,analytics.

FROM python:3.11-slim-bookworm AS made
ARG EXTRAS=dashboard,dask,neo4j,single-sign-on
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY targetgraph targetgraph
COPY warehouse warehouse
COPY etl etl
COPY analytics analytics
COPY dashboards dashboards
RUN python -m venv /opt/targetgraph \
    && /opt/targetgraph/bin/pip install --no-cache-dir --constraint constraints.txt ".[${EXTRAS}]" \
    && /opt/targetgraph/bin/pip uninstall --yes pip setuptools

FROM python:3.11-slim-bookworm
# A number, so that Kubernetes can see that it is not root.
RUN groupadd --gid 10001 targetgraph \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin targetgraph \
    && install --directory --owner=10001 --group=10001 /data
COPY --from=made /opt/targetgraph /opt/targetgraph
ENV PATH=/opt/targetgraph/bin:$PATH \
    TARGETGRAPH_HOME=/data \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /tmp
VOLUME /data
STOPSIGNAL SIGTERM
# One image serves several verbs; docker-compose.yml says what is healthy for each of them.
HEALTHCHECK --interval=60s --timeout=20s --start-period=30s CMD ["targetgraph", "--version"]
ENTRYPOINT ["targetgraph"]
CMD ["--help"]
