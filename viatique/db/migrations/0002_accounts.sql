-- Who may sign in to the dashboard, and where they are signed in.

CREATE TYPE account_role AS ENUM ('admin', 'coordinator', 'marker', 'viewer');

CREATE TABLE account (
    account_id text CONSTRAINT account_pk PRIMARY KEY,
    login text NOT NULL CONSTRAINT account_login_key UNIQUE,
    role account_role NOT NULL,
    password_hash text NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE account IS
    'a login may be a person''s name: only account_id is written to logs and audit events';

CREATE TABLE session (
    token_sha256 bytea CONSTRAINT session_pk PRIMARY KEY,
    account_id text NOT NULL
        CONSTRAINT session_account_fk REFERENCES account ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
COMMENT ON COLUMN session.token_sha256 IS 'the token itself is only in the browser';
CREATE INDEX session_by_account ON session (account_id);
