-- Copies are dispatched to markers, once or twice each; results are hidden until their release.

ALTER TABLE exam ADD COLUMN released_at timestamptz;
COMMENT ON COLUMN exam.released_at IS 'no result leaves while it is null';

CREATE TABLE dispatch (
    exam_id text CONSTRAINT dispatch_pk PRIMARY KEY CONSTRAINT dispatch_exam_fk REFERENCES exam,
    is_by_question boolean NOT NULL,
    readings integer NOT NULL CONSTRAINT dispatch_one_or_two_readings CHECK (readings IN (1, 2)),
    tolerance numeric NOT NULL CONSTRAINT dispatch_tolerance_not_negative CHECK (tolerance >= 0)
);
COMMENT ON TABLE dispatch IS
    'how an exam is shared out: while it has a row, markers mark what is assigned to them only';
COMMENT ON COLUMN dispatch.tolerance IS
    'points by which two readings of a question may differ and still agree by themselves';

CREATE TABLE assignment (
    copy_id text NOT NULL CONSTRAINT assignment_copy_fk REFERENCES copy,
    part text NOT NULL,
    reading integer NOT NULL CONSTRAINT assignment_one_or_two_readings CHECK (reading IN (1, 2)),
    account_id text NOT NULL
        CONSTRAINT assignment_account_fk REFERENCES account ON DELETE CASCADE,
    assigned_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT assignment_pk PRIMARY KEY (copy_id, part, reading),
    -- two readings are by two people; deferred so that one statement may exchange them
    CONSTRAINT assignment_two_readers UNIQUE (copy_id, part, account_id)
        DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON COLUMN assignment.part IS 'id of a question at the top of the scheme; empty = all of it';
CREATE INDEX assignment_by_account ON assignment (account_id, copy_id);

CREATE TABLE blind_mark (
    copy_id text NOT NULL CONSTRAINT blind_mark_copy_fk REFERENCES copy,
    account_id text NOT NULL CONSTRAINT blind_mark_account_fk REFERENCES account ON DELETE CASCADE,
    question text NOT NULL,
    points numeric,
    remark text NOT NULL DEFAULT '',
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT blind_mark_pk PRIMARY KEY (copy_id, account_id, question)
);
COMMENT ON TABLE blind_mark IS
    'what one of two readers gave, unseen by the other; `mark` has what was agreed';
COMMENT ON COLUMN blind_mark.question IS 'empty: the remark is the reader''s overall appreciation';

CREATE FUNCTION copy_is_touched(wanted text) RETURNS boolean
LANGUAGE sql VOLATILE AS $$
    SELECT copy_is_held(wanted)
        OR EXISTS (SELECT FROM mark WHERE copy_id = wanted)
        OR EXISTS (SELECT FROM blind_mark WHERE copy_id = wanted)
        OR EXISTS (SELECT FROM annotation WHERE copy_id = wanted)
        OR EXISTS (SELECT FROM draft WHERE copy_id = wanted)
        OR EXISTS (SELECT FROM copy WHERE copy_id = wanted AND appreciation <> '')
$$;
COMMENT ON FUNCTION copy_is_touched IS 'whether somebody began to mark it';

CREATE FUNCTION questions_left(wanted text, account text, parts text[], leaves text[])
RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT count(DISTINCT leaf)
    FROM copy LEFT JOIN dispatch USING (exam_id), unnest(parts, leaves) AS need (part, leaf)
    WHERE copy.copy_id = wanted
        AND CASE WHEN dispatch.exam_id IS NULL THEN need.part = '' ELSE EXISTS (
            SELECT FROM assignment
            WHERE copy_id = wanted AND account_id = account AND assignment.part = need.part
        ) END
        AND NOT EXISTS (
            SELECT FROM mark WHERE dispatch.readings IS DISTINCT FROM 2
                AND copy_id = wanted AND question = leaf AND points IS NOT NULL
        )
        AND NOT EXISTS (
            SELECT FROM blind_mark WHERE dispatch.readings = 2
                AND copy_id = wanted AND account_id = account AND question = leaf
                AND points IS NOT NULL
        )
$$;
COMMENT ON FUNCTION questions_left IS
    'how many questions the account has still to mark on the copy; parts and leaves are pairs';
