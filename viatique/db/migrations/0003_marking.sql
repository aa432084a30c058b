-- Markers hold copies while they mark them, keep drafts, and call the API with tokens.

CREATE TABLE copy_lock (
    copy_id text CONSTRAINT copy_lock_pk PRIMARY KEY CONSTRAINT copy_lock_copy_fk REFERENCES copy,
    token uuid NOT NULL,
    account_id text NOT NULL
        CONSTRAINT copy_lock_account_fk REFERENCES account ON DELETE CASCADE,
    acquired_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE copy_lock IS
    'a copy is held while expires_at is ahead: a row that expired stands for nothing';

CREATE TABLE draft (
    copy_id text NOT NULL CONSTRAINT draft_copy_fk REFERENCES copy,
    account_id text NOT NULL CONSTRAINT draft_account_fk REFERENCES account ON DELETE CASCADE,
    version integer NOT NULL,
    content jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT draft_pk PRIMARY KEY (copy_id, account_id)
);
COMMENT ON COLUMN draft.content IS 'what a marker is writing: may hold any text, like mark.remark';

CREATE TABLE service_token (
    token_sha256 bytea CONSTRAINT service_token_pk PRIMARY KEY,
    account_id text NOT NULL
        CONSTRAINT service_token_account_fk REFERENCES account ON DELETE CASCADE,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN service_token.token_sha256 IS 'the token itself is only with the program';

ALTER TABLE copy ADD COLUMN appreciation_version integer NOT NULL DEFAULT 0;

-- All that touches a lock or writes under one takes the copy's row first, as finalize does to start.
-- The functions are VOLATILE so that what they read after that is as the last committer left it,
-- where a plain statement would read as of its own beginning.

CREATE FUNCTION copy_is_held(wanted text) RETURNS boolean
LANGUAGE sql VOLATILE AS $$
    SELECT EXISTS (
        SELECT FROM copy_lock WHERE copy_id = wanted AND expires_at > clock_timestamp()
    )
$$;

CREATE FUNCTION copy_is_taken(wanted text) RETURNS boolean
LANGUAGE sql VOLATILE AS $$
    SELECT status IN ('GRADING_IN_PROGRESS', 'GRADED')
    FROM copy WHERE copy_id = wanted FOR NO KEY UPDATE
$$;
COMMENT ON FUNCTION copy_is_taken IS
    'whether finalize has it; the copy''s row stays locked until the commit';

CREATE FUNCTION locking_conflict(wanted text, account text, is_taken_over boolean) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    held copy_lock;
BEGIN
    IF copy_is_taken(wanted) THEN
        RETURN 'already_graded';
    END IF;
    SELECT * INTO held FROM copy_lock WHERE copy_id = wanted AND expires_at > clock_timestamp();
    IF NOT FOUND OR (held.account_id = account AND is_taken_over) THEN
        RETURN NULL;
    END IF;
    RETURN 'already_locked';
END
$$;
COMMENT ON FUNCTION locking_conflict IS 'why the account may not lock the copy now; NULL: it may';

CREATE FUNCTION marking_conflict(wanted text, account text, given uuid) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    held copy_lock;
BEGIN
    IF copy_is_taken(wanted) THEN
        RETURN 'already_graded';
    END IF;
    SELECT * INTO held FROM copy_lock WHERE copy_id = wanted;
    RETURN CASE
        WHEN NOT FOUND THEN 'missing'
        WHEN held.account_id <> account THEN 'owner_mismatch'
        WHEN held.token <> given THEN 'token_mismatch'
        WHEN held.expires_at <= clock_timestamp() THEN 'expired'
    END;
END
$$;
COMMENT ON FUNCTION marking_conflict IS 'why the account may not write on the copy; NULL: it may';
