-- Indexes for the screens people keep open: each lists little, in order, of a million copies.

CREATE INDEX copy_failed ON copy (exam_id, number) WHERE error_code IS NOT NULL;
CREATE INDEX copy_being_cut ON copy (updated_at) WHERE status = 'STAGING';
CREATE INDEX copy_in_quarantine ON copy (updated_at) WHERE status = 'QUARANTINE';
CREATE INDEX copy_being_finalized ON copy (updated_at) WHERE status = 'GRADING_IN_PROGRESS';
CREATE INDEX copy_not_finalized ON copy (updated_at) WHERE status = 'GRADING_FAILED';
CREATE INDEX copy_to_read ON copy (updated_at) WHERE status <> 'STAGING' AND identity = 'PENDING';
CREATE INDEX copy_in_review ON copy (updated_at) WHERE identity = 'REVIEW';
CREATE INDEX observation_by_time ON observation (at);
