"""The settings: environment variables `TARGETGRAPH_*`, or the same names in a file `.env`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.answer import Limits
from warehouse.errors import TargetGraphError


class Settings(BaseSettings):
    """What an operator sets.

    Every field is read from `TARGETGRAPH_<NAME>`; the docs page of settings is checked against this class.
    """

    model_config = SettingsConfigDict(env_prefix="TARGETGRAPH_", env_file=".env", env_ignore_empty=True, extra="ignore")

    home: Path = Field(default=Path("~/.targetgraph"), description="The folder of the warehouse.")
    downloads: Path | None = Field(
        default=None, description="The folder of downloads, where it is no longer where the build found it."
    )
    keep_documents: bool = Field(
        default=False, description="Whether a build keeps copies of all documents, not only of a user's own."
    )
    document_mb: int = Field(default=20_000, ge=1, description="Megabytes a document may have that is opened.")
    input_gb: int = Field(
        default=500, ge=1, description="Gigabytes that a file or folder may have that is given to an analysis."
    )
    artefact_mb: int = Field(default=5000, ge=1, description="Megabytes that the artefacts of a run may have together.")
    update_rows_lost: float = Field(
        default=0.05, ge=0, le=1, description="Share of a source's rows of one type that an update may lose."
    )
    update_entities_vanished: float = Field(
        default=0.02, ge=0, le=1, description="Share of the entities of one type that may vanish with an update."
    )
    keep_builds: int = Field(default=3, ge=1, description="How many builds are kept.")
    build_memory_mb: int = Field(default=3000, ge=200, description="Megabytes DuckDB may hold while a build is made.")
    threads: int | None = Field(default=None, ge=1, description="Threads for DuckDB; all cores where it is not set.")
    build_processes: int | None = Field(
        default=None, ge=1, description="Processes that read many small documents; all cores where it is not set."
    )
    dask_scheduler: str | None = Field(
        default=None, description="The address of a Dask scheduler whose workers read many small documents instead."
    )
    timeout_s: float = Field(default=30.0, gt=0, description="Seconds before a question is stopped.")
    row_limit: int = Field(default=10_000, ge=1, description="Rows before an answer is cut.")
    memory_mb: int = Field(default=2000, ge=50, description="Megabytes DuckDB may hold for a question.")
    failure_command: str | None = Field(default=None, description="A command that is run when a scheduled build fails.")
    failure_webhook: SecretStr | None = Field(
        default=None, description="An address that gets a message when a scheduled build fails."
    )
    dashboard_password: SecretStr | None = Field(default=None, description="The password of readers of the dashboard.")
    dashboard_operator_password: SecretStr | None = Field(
        default=None, description="The password of operators, who may also change what is shown."
    )
    oidc_metadata_url: str | None = Field(
        default=None, description="The OpenID Connect provider's `.well-known/openid-configuration`."
    )
    oidc_client_id: str | None = Field(default=None, description="The client id that the provider gave.")
    oidc_client_secret: SecretStr | None = Field(default=None, description="The client secret that the provider gave.")
    oidc_redirect_url: str | None = Field(
        default=None, description="The address of the dashboard, followed by `/oauth2callback`."
    )
    oidc_allowed: str | None = Field(
        default=None, description="E-mail addresses or domains (`@example.org`) of readers, with commas; else all."
    )
    oidc_operators: str | None = Field(default=None, description="E-mail addresses of operators, with commas.")
    dashboard_upload_mb: int = Field(default=25, ge=1, description="Megabytes a file may have that is uploaded.")

    store: Literal["duckdb", "neo4j"] = Field(default="duckdb", description="The store that answers Cypher.")
    neo4j_uri: str | None = Field(
        default=None, description="The address of a Neo4j server that holds the graph too: bolt://, neo4j+s://, ..."
    )
    neo4j_user: str = Field(default="neo4j", description="Its user; to publish, one who may write and make indexes.")
    neo4j_password: SecretStr | None = Field(default=None, description="The password of that user.")
    neo4j_database: str = Field(default="neo4j", description="The database there; it holds nothing else.")
    neo4j_home: Path | None = Field(
        default=None, description="The folder of a Neo4j installation on this machine, for bulk loads; else NEO4J_HOME."
    )
    neo4j_transaction_elements: int | None = Field(
        default=None,
        ge=1,
        description="Nodes and relationships changed in one transaction; else found from the heap of the server.",
    )

    def __init__(self, **given: Any) -> None:
        try:
            super().__init__(**given)
        except ValidationError as error:
            wrong = [f"TARGETGRAPH_{'.'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors()]
            raise TargetGraphError("\n".join(wrong), "Correct the environment or the file .env.") from None
        except (OSError, UnicodeDecodeError) as error:
            raise TargetGraphError(f"The file .env cannot be read: {error}", "Write it as UTF-8 text.") from None

    @property
    def limits(self) -> Limits:
        """What a question may take."""
        return Limits(self.timeout_s, self.row_limit, self.memory_mb)

    @property
    def sample_home(self) -> Path:
        """The folder of the sample, beside that of the warehouse."""
        return self.home.expanduser().with_name(self.home.name + "-sample")
