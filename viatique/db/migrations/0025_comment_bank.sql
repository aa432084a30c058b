-- Comments that markers of an exam use again and again; whose idea one was is not kept with it.

ALTER TYPE audit_action ADD VALUE 'KEEP_COMMENT' BEFORE 'SCORE';
ALTER TYPE audit_action ADD VALUE 'DROP_COMMENT' BEFORE 'SCORE';

CREATE TABLE bank_comment (
    comment_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT bank_comment_pk PRIMARY KEY,
    exam_id text NOT NULL CONSTRAINT bank_comment_exam_fk REFERENCES exam,
    text text NOT NULL
        CONSTRAINT bank_comment_has_text CHECK (char_length(text) BETWEEN 1 AND 500),
    points numeric,
    kept_at timestamptz NOT NULL DEFAULT now(),
    -- two markers who keep the same words keep one comment
    CONSTRAINT bank_comment_once UNIQUE (exam_id, text)
);
CREATE INDEX bank_comment_by_exam ON bank_comment (exam_id, comment_id);
