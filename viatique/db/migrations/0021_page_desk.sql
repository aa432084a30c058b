-- Quarantined copies are put right page by page; what is left out or asked for is kept.

ALTER TYPE audit_action ADD VALUE 'ARRANGE';
ALTER TYPE audit_action ADD VALUE 'ASK_RESCAN';

ALTER TABLE page ADD COLUMN is_left_out boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN page.is_left_out IS
    'a person said that it is blank: it belongs to the copy but is not in its file';

ALTER TABLE copy ADD COLUMN rescan_asked_at timestamptz;
COMMENT ON COLUMN copy.rescan_asked_at IS 'somebody is to put its sheets through the scanner again';
CREATE INDEX copy_to_rescan ON copy (exam_id, number) WHERE rescan_asked_at IS NOT NULL;

CREATE FUNCTION copy_may_be_arranged(wanted text) RETURNS boolean
LANGUAGE sql VOLATILE AS $$
    SELECT status = 'QUARANTINE' OR (
        status = 'READY' AND NOT copy_is_held(copy_id)
        AND NOT EXISTS (SELECT FROM mark WHERE mark.copy_id = copy.copy_id)
        AND NOT EXISTS (SELECT FROM annotation WHERE annotation.copy_id = copy.copy_id)
        AND NOT EXISTS (SELECT FROM draft WHERE draft.copy_id = copy.copy_id)
    )
    FROM copy WHERE copy_id = wanted FOR NO KEY UPDATE
$$;
COMMENT ON FUNCTION copy_may_be_arranged IS
    'whether its pages may change: nobody wrote on them; the row stays locked until the commit';
