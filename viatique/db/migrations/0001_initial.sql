-- The whole state of Viatique. Names of people live in `student` only; file names in `source_file`
-- only; texts people write in `mark`, `annotation` and `copy.appreciation`. All else is ids.

CREATE TYPE copy_status AS ENUM (
    'STAGING', 'QUARANTINE', 'READY', 'GRADING_IN_PROGRESS', 'GRADED', 'GRADING_FAILED'
);
CREATE TYPE identity_state AS ENUM ('PENDING', 'AUTO', 'REVIEW', 'CONFIRMED', 'UNKNOWN');
CREATE TYPE audit_action AS ENUM (
    'IMPORT', 'QUARANTINE', 'VALIDATE', 'IDENTIFY', 'MERGE', 'LOCK', 'UNLOCK', 'FORCE_UNLOCK',
    'CREATE_ANN', 'UPDATE_ANN', 'DELETE_ANN', 'SCORE', 'FINALIZE', 'REOPEN', 'EXPORT', 'DISPATCH',
    'RELEASE', 'VIEW_IDENTITY', 'DOWNLOAD', 'ERASE'
);

CREATE TABLE exam (
    exam_id text CONSTRAINT exam_pk PRIMARY KEY,
    name text NOT NULL,
    exam_date date,
    layout text NOT NULL,
    pages_per_copy integer NOT NULL CONSTRAINT exam_pages_positive CHECK (pages_per_copy > 0),
    segmentation text NOT NULL,
    language text NOT NULL,
    header jsonb NOT NULL,
    scheme jsonb NOT NULL,
    last_copy_number integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE student (
    exam_id text NOT NULL CONSTRAINT student_exam_fk REFERENCES exam,
    student_id text NOT NULL CONSTRAINT student_id_not_empty CHECK (student_id <> ''),
    last_name text NOT NULL,
    first_name text NOT NULL,
    birth_date date,
    group_name text NOT NULL DEFAULT '',
    email text NOT NULL DEFAULT '',
    student_number text NOT NULL DEFAULT '',
    CONSTRAINT student_pk PRIMARY KEY (exam_id, student_id)
);

CREATE TABLE source_file (
    source_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT source_file_pk PRIMARY KEY,
    exam_id text NOT NULL CONSTRAINT source_file_exam_fk REFERENCES exam,
    sha256 text NOT NULL,
    file_name text NOT NULL,
    byte_size bigint NOT NULL,
    page_count integer NOT NULL CONSTRAINT source_file_has_pages CHECK (page_count > 0),
    received_at timestamptz NOT NULL DEFAULT now(),
    planned_at timestamptz,
    -- the same scan is imported once into an exam
    CONSTRAINT source_file_once UNIQUE (exam_id, sha256)
);

CREATE TABLE copy (
    copy_id text CONSTRAINT copy_pk PRIMARY KEY,
    exam_id text NOT NULL CONSTRAINT copy_exam_fk REFERENCES exam,
    number integer NOT NULL,
    source_id bigint NOT NULL CONSTRAINT copy_source_fk REFERENCES source_file,
    first_page integer NOT NULL,
    last_page integer NOT NULL,
    page_count integer NOT NULL,
    status copy_status NOT NULL,
    problem text,
    missing_pages integer[] NOT NULL DEFAULT '{}',
    file_sha256 text,
    identity identity_state NOT NULL DEFAULT 'PENDING',
    student_id text,
    confidence double precision,
    appreciation text NOT NULL DEFAULT '',
    finalize_attempts integer NOT NULL DEFAULT 0,
    error_code text,
    error_run text,
    error_run_count integer NOT NULL DEFAULT 0,
    error_is_final boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT copy_number_once UNIQUE (exam_id, number),
    -- two plans of one scan can never both be stored
    CONSTRAINT copy_source_page_once UNIQUE (source_id, first_page),
    -- one student holds at most one copy of an exam; deferrable so that a joint decision may swap two
    CONSTRAINT copy_one_per_student UNIQUE (exam_id, student_id) DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT copy_student_fk FOREIGN KEY (exam_id, student_id) REFERENCES student,
    CONSTRAINT copy_student_iff_identified
        CHECK ((student_id IS NOT NULL) = (identity IN ('AUTO', 'CONFIRMED'))),
    CONSTRAINT copy_ready_has_file
        CHECK (status IN ('STAGING', 'QUARANTINE') OR file_sha256 IS NOT NULL)
);
CREATE INDEX copy_by_exam_status ON copy (exam_id, status, number);
CREATE INDEX copy_by_exam_identity ON copy (exam_id, identity, number);

CREATE TABLE page (
    copy_id text NOT NULL CONSTRAINT page_copy_fk REFERENCES copy,
    position integer NOT NULL,
    source_id bigint NOT NULL CONSTRAINT page_source_fk REFERENCES source_file,
    source_page integer NOT NULL,
    half text NOT NULL,
    turn integer NOT NULL CONSTRAINT page_turn_is_half_or_none CHECK (turn IN (0, 180)),
    CONSTRAINT page_pk PRIMARY KEY (copy_id, position),
    -- a scanned page belongs to one copy
    CONSTRAINT page_source_once UNIQUE (source_id, source_page, half)
);
COMMENT ON COLUMN page.position IS '0-based, in reading order';
COMMENT ON COLUMN page.source_page IS '0-based page of the scan file';

CREATE TABLE header_reading (
    copy_id text CONSTRAINT header_reading_pk PRIMARY KEY
        CONSTRAINT header_reading_copy_fk REFERENCES copy,
    reading_sha256 text NOT NULL,
    engine text NOT NULL,
    correlation_id text NOT NULL,
    read_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE identity_evidence (
    evidence_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT identity_evidence_pk PRIMARY KEY,
    copy_id text NOT NULL CONSTRAINT identity_evidence_copy_fk REFERENCES copy,
    state identity_state NOT NULL,
    student_id text,
    confidence double precision NOT NULL,
    candidates jsonb NOT NULL,
    reasons text[] NOT NULL,
    method text NOT NULL,
    reading_sha256 text,
    engine text NOT NULL,
    correlation_id text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX identity_evidence_by_copy ON identity_evidence (copy_id, evidence_id DESC);

CREATE TABLE mark (
    copy_id text NOT NULL CONSTRAINT mark_copy_fk REFERENCES copy,
    question text NOT NULL,
    points numeric,
    remark text NOT NULL DEFAULT '',
    version integer NOT NULL DEFAULT 1,
    marker text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT mark_pk PRIMARY KEY (copy_id, question)
);

CREATE TABLE annotation (
    annotation_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT annotation_pk PRIMARY KEY,
    copy_id text NOT NULL CONSTRAINT annotation_copy_fk REFERENCES copy,
    page integer NOT NULL,
    x0 double precision NOT NULL,
    y0 double precision NOT NULL,
    x1 double precision NOT NULL,
    y1 double precision NOT NULL,
    kind text NOT NULL,
    text text NOT NULL DEFAULT '',
    points numeric,
    strokes jsonb NOT NULL DEFAULT '[]',
    version integer NOT NULL DEFAULT 1,
    marker text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX annotation_by_copy ON annotation (copy_id, annotation_id);

CREATE TABLE final_pdf (
    final_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT final_pdf_pk PRIMARY KEY,
    copy_id text NOT NULL CONSTRAINT final_pdf_copy_fk REFERENCES copy,
    sha256 text NOT NULL,
    byte_size bigint NOT NULL,
    score numeric NOT NULL,
    correlation_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    superseded_at timestamptz
);
-- one final PDF counts; older ones are kept and marked
CREATE UNIQUE INDEX final_pdf_one_current ON final_pdf (copy_id) WHERE superseded_at IS NULL;

CREATE TABLE marks_file (
    exam_id text NOT NULL CONSTRAINT marks_file_exam_fk REFERENCES exam,
    sha256 text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    recorded_at timestamptz,
    CONSTRAINT marks_file_pk PRIMARY KEY (exam_id, sha256)
);

CREATE TABLE claim (
    stage text NOT NULL,
    subject text NOT NULL,
    correlation_id text NOT NULL,
    holder bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT claim_pk PRIMARY KEY (stage, subject)
);
COMMENT ON COLUMN claim.holder IS
    'advisory lock key held by the claiming process; when nobody holds it, the process is dead';

CREATE FUNCTION claim_is_live(holder bigint, expires_at timestamptz) RETURNS boolean
LANGUAGE sql VOLATILE AS $$
    SELECT expires_at > clock_timestamp() AND EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1 AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND ((classid::bigint << 32) | objid::bigint) = holder
    )
$$;

CREATE TABLE observation (
    observation_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT observation_pk PRIMARY KEY,
    metric text NOT NULL,
    value double precision NOT NULL,
    labels jsonb NOT NULL DEFAULT '{}',
    correlation_id text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE audit_event (
    event_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_event_pk PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    action audit_action NOT NULL,
    exam_id text NOT NULL,
    copy_id text,
    actor text NOT NULL,
    correlation_id text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE audit_event IS
    'append-only, ids only; no foreign keys, so that erasing a person never touches it';
CREATE INDEX audit_event_by_copy ON audit_event (copy_id, event_id);
CREATE INDEX audit_event_by_exam ON audit_event (exam_id, event_id);
CREATE INDEX audit_event_by_action ON audit_event (action, event_id);
CREATE INDEX audit_event_by_time ON audit_event (at, event_id);
CREATE INDEX audit_event_by_correlation ON audit_event (correlation_id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_event is append-only' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_event_no_row_change BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_no_row_change;
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_no_truncate;
