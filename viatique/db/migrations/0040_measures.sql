-- What the metrics need to be true: how long each scan took to become copies, each header to be read.

CREATE TABLE import_attempt (
    source_id bigint NOT NULL
        CONSTRAINT import_attempt_source_fk REFERENCES source_file ON DELETE CASCADE,
    correlation_id text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    -- one run imports a scan once, and ends that once, whoever of its processes comes last
    CONSTRAINT import_attempt_pk PRIMARY KEY (source_id, correlation_id)
);
COMMENT ON TABLE import_attempt IS 'a run that works on a scan; ended: its duration was observed';
CREATE INDEX copy_uncut ON copy (source_id) WHERE file_sha256 IS NULL;

ALTER TABLE header_reading ADD COLUMN duration_s double precision;
COMMENT ON COLUMN header_reading.duration_s IS 'observed when the copy is first decided; NULL: not read';

CREATE INDEX observation_by_metric ON observation (metric);

ALTER TYPE audit_action ADD VALUE IF NOT EXISTS 'RESET_METRICS';
-- what is done to the whole installation belongs to no exam
ALTER TABLE audit_event ALTER COLUMN exam_id DROP NOT NULL;
