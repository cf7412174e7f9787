"""The files of a deployment, read without Docker: what they name exists, what they run is a verb, and no secret."""

from __future__ import annotations

import ast
import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from targetgraph.cli import app
from warehouse.settings import Settings

ROOT = Path(__file__).parent.parent
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
DOCUMENT: dict[str, Any] = yaml.safe_load(COMPOSE)
SERVICES: dict[str, Any] = DOCUMENT["services"]
OURS = [name for name, service in SERVICES.items() if service.get("image", "").startswith("targetgraph")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERBS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]

#: What a service may say, by the Compose specification; only the words that are used here.
WORDS = {
    "image",
    "build",
    "restart",
    "read_only",
    "tmpfs",
    "cap_drop",
    "security_opt",
    "networks",
    "profiles",
    "environment",
    "command",
    "entrypoint",
    "volumes",
    "depends_on",
    "healthcheck",
    "stop_grace_period",
    "ports",
    "expose",
}
_VARIABLE = re.compile(r"\$\{(\w+)(?:(:?[-?])([^}]*))?\}")


def _filled(value: Any) -> Any:
    """A value with its variables replaced by what stands for them when nothing is set."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: found[3] if found[2] in {":-", "-"} else "given", value)
    if isinstance(value, list):
        return [_filled(one) for one in value]
    return {key: _filled(one) for key, one in value.items()} if isinstance(value, dict) else value


# -- docker-compose.yml --------------------------------------------------------------------------------------------


def test_the_services_that_are_promised() -> None:
    assert set(SERVICES) == {"neo4j", "build", "scheduler", "dashboard", "dask-scheduler", "dask-worker"}
    assert set(DOCUMENT) - {"x-targetgraph", "x-environment"} == {"name", "services", "networks", "volumes"}
    for service in SERVICES.values():
        assert set(service) <= WORDS


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_names_is_there(name: str) -> None:
    service = SERVICES[name]
    assert set(service["networks"]) <= set(DOCUMENT["networks"])
    for volume in service.get("volumes", ()):
        source, target = _filled(volume).removesuffix(":ro").split(":")
        assert target.startswith("/")
        assert source in DOCUMENT["volumes"] or source.startswith("./")
    for other, how in service.get("depends_on", {}).items():
        assert how["condition"] != "service_healthy" or "healthcheck" in SERVICES[other]
        # One that is started without a profile cannot wait for one that has one.
        assert set(SERVICES[other].get("profiles", ())) <= set(service.get("profiles", ()))
    if "build" not in service:
        assert re.search(r":\d+\.\d+\.\d+", service["image"]), "a release is named, not the latest"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_that_stays_is_watched_and_only_this_machine_reaches_it(name: str) -> None:
    service = SERVICES[name]
    assert "healthcheck" in service or name in {"build", "dask-worker"}
    for port in service.get("ports", ()):
        assert port.startswith("127.0.0.1:")
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", OURS)
def test_our_services_cannot_write_their_image(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert any(one.startswith("/tmp") for one in service["tmpfs"])


def _calls() -> list[tuple[str, list[str]]]:
    """Every command line of ours that a service or its health check runs."""
    found = [(name, SERVICES[name]["command"]) for name in OURS if "entrypoint" not in SERVICES[name]]
    checks = [(name, SERVICES[name].get("healthcheck", {}).get("test", [])) for name in OURS]
    found += [(name, test[2:]) for name, test in checks if test[:2] == ["CMD", "targetgraph"]]
    return [(name, [str(word) for word in _filled(words)]) for name, words in found]


@pytest.mark.parametrize(("name", "words"), _calls())
def test_a_command_is_a_verb_with_options_that_it_takes(name: str, words: list[str]) -> None:
    verb = VERBS[words[0]]
    context = verb.make_context(words[0], words[1:], resilient_parsing=False)
    assert context.params, name


def test_health_checks_of_python_are_python() -> None:
    tests = [service.get("healthcheck", {}).get("test", []) for service in SERVICES.values()]
    programs = [test[3] for test in tests if test[1:3] == ["python", "-c"]]
    assert programs
    assert all(ast.parse(program).body for program in programs)


def test_every_setting_that_is_given_is_known_and_every_secret_is_required_or_optional() -> None:
    known = {f"TARGETGRAPH_{name.upper()}" for name in Settings.model_fields} | {"TARGETGRAPH_HOME"}
    for name in OURS:
        assert set(SERVICES[name].get("environment", {})) <= known
    for variable, how, _default in _VARIABLE.findall(COMPOSE):
        if "PASSWORD" in variable and "OPERATOR" not in variable:
            assert how == ":?", f"{variable} has no default: its absence is told"
    for secret in ("NEO4J_PASSWORD", "DASHBOARD_PASSWORD"):
        assert not re.search(rf"{secret}: *[\"']?[A-Za-z0-9]", COMPOSE), "no secret stands in the file"


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TARGETGRAPH_DASHBOARD_OPERATOR_PASSWORD", "TARGETGRAPH_FAILURE_WEBHOOK"):
        monkeypatch.setenv(name, "")
    settings = Settings()
    assert settings.dashboard_operator_password is None
    assert settings.failure_webhook is None


def test_neo4j_is_shut_as_the_docs_say() -> None:
    environment = SERVICES["neo4j"]["environment"]

    def setting(name: str) -> str:
        return str(environment["NEO4J_" + name.replace("_", "__").replace(".", "_")])

    assert setting("dbms.security.allow_csv_import_from_file_urls") == "false"
    assert setting("internal.dbms.cypher_ip_blocklist") == "0.0.0.0/0,::/0"
    assert setting("dbms.usage_report.enabled") == "false"
    assert {"server.memory.heap.max_size", "server.memory.pagecache.size"} <= {
        name.removeprefix("NEO4J_").replace("__", "\0").replace("_", ".").replace("\0", "_") for name in environment
    }
    assert environment["NEO4J_AUTH"].startswith("neo4j/${TARGETGRAPH_NEO4J_PASSWORD:?")
    assert SERVICES["neo4j"]["image"] == "neo4j:5.26.30-community"


# -- Dockerfile ----------------------------------------------------------------------------------------------------


def _instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, continued lines joined."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


STAGES = [index for index, (word, _rest) in enumerate(_instructions()) if word == "FROM"]


def test_the_dockerfile_is_made_of_instructions() -> None:
    known = {
        "FROM",
        "ARG",
        "WORKDIR",
        "COPY",
        "RUN",
        "ENV",
        "USER",
        "VOLUME",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    }
    assert {word for word, _rest in _instructions()} <= known
    for word, rest in _instructions():
        if word in {"ENTRYPOINT", "CMD"}:
            assert isinstance(json.loads(rest), list), "an array, so that signals reach the process"
        if word == "RUN":
            assert shlex.split(rest)


def test_the_image_runs_as_a_user_and_is_made_in_two_stages() -> None:
    final = _instructions()[STAGES[-1] :]
    users = [rest for word, rest in final if word == "USER"]
    assert users
    assert users[-1].split(":")[0] not in {"root", "0"}
    assert users[-1].split(":")[0].isdecimal()
    assert len(STAGES) == 2
    assert all("slim" in rest and not rest.endswith("latest") for word, rest in _instructions() if word == "FROM")
    # Set-up that needs root comes before, what runs after.
    place = [word for word, _rest in final].index("USER")
    assert "RUN" not in [word for word, _rest in final[place:]]


def test_what_is_copied_is_there_and_not_kept_out() -> None:
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [
        source
        for word, rest in _instructions()
        if word == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    ]
    for source in copied:
        assert (ROOT / source).exists()
        assert source in let_in
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert set(packages["packages"]) <= set(copied)


def test_data_and_secrets_are_left_out_of_the_image() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert next(line for line in lines if line and not line.startswith("#")) == "*", "what is not named stays out"
    assert {"**/.env", "**/*.duckdb"} <= set(lines)
    assert not re.search(r"(PASSWORD|SECRET|TOKEN)", DOCKERFILE)


def test_the_extras_that_are_installed_are_declared() -> None:
    extras = dict(rest.split("=", 1) for word, rest in _instructions() if word == "ARG")["EXTRAS"].split(",")
    assert set(extras) <= set(PROJECT["optional-dependencies"])
    assert "dev" not in extras
    install = next(rest for word, rest in _instructions() if word == "RUN" and "pip install" in rest)
    assert "--constraint constraints.txt" in install
    assert "--no-cache-dir" in install


def test_the_entry_point_is_the_command() -> None:
    assert ("ENTRYPOINT", '["targetgraph"]') in _instructions()
    assert PROJECT["scripts"]["targetgraph"] == "targetgraph.cli:main"
    health = next(rest for word, rest in _instructions() if word == "HEALTHCHECK")
    assert '"targetgraph"' in health
