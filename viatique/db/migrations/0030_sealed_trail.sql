-- The trail in partitions by time, and the seals that make a change of it show.

-- An event's tick is the number of its transaction: what is below the oldest transaction that still
-- runs is settled, where event ids are not (they commit out of order). A database restored into a
-- server that counts from lower goes on above its highest tick: see viatique.db.seals.
CREATE FUNCTION audit_epoch() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 0::bigint';

ALTER TABLE audit_event RENAME TO audit_event_before;
DROP TRIGGER audit_event_no_row_change ON audit_event_before;
DROP TRIGGER audit_event_no_truncate ON audit_event_before;
ALTER TABLE audit_event_before DROP CONSTRAINT audit_event_pk;
DROP INDEX audit_event_by_copy, audit_event_by_exam, audit_event_by_action, audit_event_by_time,
    audit_event_by_correlation;

CREATE SEQUENCE audit_event_number;
CREATE TABLE audit_event (
    event_id bigint NOT NULL DEFAULT nextval('audit_event_number'),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tick bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint + audit_epoch(),
    action audit_action NOT NULL,
    exam_id text,
    copy_id text,
    actor text NOT NULL,
    correlation_id text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT audit_event_pk PRIMARY KEY (event_id, at)
) PARTITION BY RANGE (at);
ALTER SEQUENCE audit_event_number OWNED BY audit_event.event_id;
COMMENT ON TABLE audit_event IS
    'append-only, ids only; no foreign keys, so that erasing a person never touches it';
COMMENT ON COLUMN audit_event.exam_id IS 'NULL: the event is about no exam, but about an account';
CREATE INDEX audit_event_by_copy ON audit_event (copy_id, event_id);
CREATE INDEX audit_event_by_exam ON audit_event (exam_id, event_id);
CREATE INDEX audit_event_by_action ON audit_event (action, event_id);
CREATE INDEX audit_event_by_time ON audit_event (at, event_id);
CREATE INDEX audit_event_by_correlation ON audit_event (correlation_id);
CREATE INDEX audit_event_by_tick ON audit_event (tick, event_id);

CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_event_no_row_change BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE FUNCTION guard_append_only(guarded regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', guarded);
    EXECUTE format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER audit_event_no_truncate', guarded);
    EXECUTE format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER audit_event_no_row_change', guarded);
END
$$;
SELECT guard_append_only('audit_event');

-- what no quarter holds (a clock that jumped) is kept too, so that no event is ever refused
CREATE TABLE audit_event_other PARTITION OF audit_event DEFAULT;
SELECT guard_append_only('audit_event_other');

CREATE FUNCTION ensure_audit_partitions(since timestamptz, until timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    starts timestamptz;
    ends timestamptz;
    name text;
    made integer := 0;
BEGIN
    FOR starts IN SELECT generate_series(date_trunc('quarter', since), until, interval '3 months')
    LOOP
        ends := starts + interval '3 months';
        name := 'audit_event_' || to_char(starts, 'YYYY"q"Q');
        CONTINUE WHEN to_regclass(name) IS NOT NULL OR EXISTS (
            SELECT FROM audit_event_other WHERE at >= starts AND at < ends
        );
        EXECUTE format('CREATE TABLE %I PARTITION OF audit_event FOR VALUES FROM (%L) TO (%L)',
            name, starts, ends);
        PERFORM guard_append_only(name::regclass);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;
COMMENT ON FUNCTION ensure_audit_partitions IS 'a partition for each quarter of UTC that has none';
REVOKE EXECUTE ON FUNCTION ensure_audit_partitions, guard_append_only FROM PUBLIC;

SELECT ensure_audit_partitions(
    coalesce((SELECT min(at) FROM audit_event_before), now()), now() + interval '3 months'
);
INSERT INTO audit_event (event_id, at, action, exam_id, copy_id, actor, correlation_id, details)
SELECT event_id, at, action, exam_id, copy_id, actor, correlation_id, details
FROM audit_event_before;
SELECT setval('audit_event_number', (SELECT coalesce(max(event_id), 0) + 1 FROM audit_event), false);
DROP TABLE audit_event_before;

CREATE TABLE audit_seal (
    seal_id bigint CONSTRAINT audit_seal_pk PRIMARY KEY,
    from_tick bigint NOT NULL,
    to_tick bigint NOT NULL,
    event_count bigint NOT NULL,
    root bytea NOT NULL,
    previous bytea NOT NULL,
    sealed_at timestamptz NOT NULL,
    public_key bytea NOT NULL,
    signature bytea NOT NULL,
    entries bytea NOT NULL,
    -- seals follow each other without a gap or an overlap: none can be slipped in between
    CONSTRAINT audit_seal_begins_once UNIQUE (from_tick),
    CONSTRAINT audit_seal_ends_once UNIQUE (to_tick),
    CONSTRAINT audit_seal_has_range CHECK (from_tick < to_tick)
);
-- hashes do not compress
ALTER TABLE audit_seal ALTER COLUMN entries SET STORAGE EXTERNAL;
COMMENT ON COLUMN audit_seal.to_tick IS 'first tick that is not in it';
COMMENT ON COLUMN audit_seal.entries IS
    'event id (8 bytes) and SHA-256 of each event, the leaves of the Merkle tree of root: tells '
    'which event was changed when the root says that one was';
CREATE TRIGGER audit_event_no_row_change BEFORE UPDATE OR DELETE ON audit_seal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
SELECT guard_append_only('audit_seal');

ALTER TYPE audit_action ADD VALUE IF NOT EXISTS 'ACCOUNT';
