"""Settings, read once at the edges (command, task, dashboard) and passed down as values."""

from pathlib import Path
from typing import Literal

from pydantic import Field, PostgresDsn, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from viatique.errors import InvalidSettings


class Settings(BaseSettings):
    """``VIATIQUE_*`` variables, and ``DATABASE_URL``, ``PREFECT_API_URL`` as others know them."""

    model_config = SettingsConfigDict(
        env_prefix="VIATIQUE_", populate_by_name=True, frozen=True, extra="ignore"
    )

    home: Path = Field(
        default=Path("var"), description="Folder that holds everything: database, files, logs."
    )
    database_url: PostgresDsn | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="A Postgres 15 or newer to use instead of the embedded one.",
    )
    prefect_api_url: str | None = Field(
        default=None,
        validation_alias="PREFECT_API_URL",
        description="A Prefect server to use instead of the local one.",
    )
    prefect_ui_url: str | None = Field(
        default=None,
        validation_alias="PREFECT_UI_URL",
        description="Where people reach the Prefect UI; default: PREFECT_API_URL without /api.",
    )
    proxy_header: str | None = Field(
        default=None,
        description="Header in which a proxy before the dashboard names who signed in there.",
    )
    proxy_address: str = Field(
        default="127.0.0.1", description="Address of that proxy; from others the header is void."
    )
    oidc_issuer: str | None = Field(
        default=None, description="OpenID Connect provider that signs people in; https."
    )
    oidc_client_id: str | None = Field(default=None, description="What the provider knows us by.")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Secret of that client; none for a public client."
    )
    oidc_callback: str | None = Field(
        default=None, description="Address of the dashboard's /sign-in/back, as browsers see it."
    )
    oidc_login_claim: str = Field(
        default="preferred_username", description="Claim of the ID token that is the login."
    )
    oidc_role_claim: str | None = Field(
        default=None, description="Claim that tells the role; none: the local account does."
    )
    oidc_roles: str = Field(
        default="", description="VALUE=ROLE pairs with commas; the first that fits counts."
    )
    oidc_with_passwords: bool = Field(
        default=False, description="Whether local passwords count beside the provider."
    )
    store_url: str | None = Field(
        default=None, description="fsspec URL of the file store; default: HOME/store."
    )
    seal_folder: Path | None = Field(
        default=None,
        description="Folder of the seals' signing key and anchor; default: HOME/seal.",
    )
    anchor_folder: Path | None = Field(
        default=None, description="Folder of a second anchor, out of the database's reach."
    )
    log_format: Literal["json", "readable"] = Field(
        default="json", description="Format of HOME/logs/*.log."
    )
    clamd: str | None = Field(
        default=None,
        pattern=r"^(tcp://[^/]+|unix:///.+)$",
        description="clamd that files are shown to before they are taken; default: none is.",
    )
    processes: int = Field(
        default=0, ge=0, description="Processes for OCR and PDF work; 0 = one per core."
    )
    chunk_size: int = Field(
        default=50, ge=1, le=500, description="Copies claimed and worked on by one task."
    )
    runs_per_exam: int = Field(
        default=1, ge=1, description="Runs the dashboard starts of a flow on an exam."
    )
    lease_s: int = Field(
        default=600, ge=30, description="Seconds after which a silent claim is free again."
    )
    lock_ttl_s: int = Field(
        default=1800,
        ge=1,
        description="Seconds a marker keeps a copy without giving a sign of life.",
    )
    requests_per_minute: int = Field(
        default=600, ge=1, description="Most API requests of one account, or of one address."
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses of reverse proxies that say who the client is, with commas.",
    )
    retry_limit: int = Field(
        default=3,
        ge=1,
        description="Finalize attempts before a copy needs a person (CRITICAL log).",
    )
    retention_days: int = Field(
        default=0,
        ge=0,
        description="Days after which an exam's people and files are erased; 0 = never.",
    )
    run_retention_days: int = Field(
        default=90, ge=1, description="Days after which Prefect forgets a finished run."
    )
    idle_minutes: float = Field(
        default=15.0, gt=0, description="Idle minutes after which local services stop."
    )
    max_scan_mib: int = Field(default=2048, ge=1, description="Largest scan accepted, in MiB.")
    max_scan_pages: int = Field(default=5000, ge=1, description="Most pages in one scan.")
    review_threshold: float = Field(
        default=0.9999,
        gt=0.5,
        lt=1,
        description="Below this probability a person confirms the identity.",
    )

    @property
    def database_dsn(self) -> str | None:
        return str(self.database_url) if self.database_url else None

    @property
    def home_path(self) -> Path:
        """The state folder, absolute, so that other processes and folders mean the same one."""
        return self.home.expanduser().absolute()


def load_settings() -> Settings:
    """The settings of this process.

    Raises:
        InvalidSettings: a variable has a value that cannot be used; the message names it.
    """
    try:
        return Settings()
    except ValidationError as error:
        names = ", ".join(sorted({str(item["loc"][0]) for item in error.errors()}))
        raise InvalidSettings(
            f"These settings have values that cannot be used: {names}.",
            next_step="See the settings table in README.md.",
        ) from None
