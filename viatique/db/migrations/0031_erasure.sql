-- Erasing a person: which stored files belong to whom, and which are still to be removed.

ALTER TABLE source_file ADD COLUMN content_sha256 text;
COMMENT ON COLUMN source_file.content_sha256 IS
    'the scan as it is stored since pages of it were erased; sha256 stays that of the file received, '
    'so that receiving it again brings nobody back';

CREATE VIEW stored_file AS
    SELECT coalesce(content_sha256, sha256) AS sha256, 'scan.pdf' AS kind, exam_id,
        NULL::text AS copy_id
    FROM source_file
    UNION ALL SELECT file_sha256, 'copy.pdf', exam_id, copy_id
    FROM copy WHERE file_sha256 IS NOT NULL
    UNION ALL SELECT final_pdf.sha256, 'final.pdf', exam_id, copy_id
    FROM final_pdf JOIN copy USING (copy_id)
    UNION ALL SELECT reading_sha256, 'reading.npz', exam_id, copy_id
    FROM header_reading JOIN copy USING (copy_id)
    UNION ALL SELECT reading_sha256, 'reading.npz', exam_id, copy_id
    FROM identity_evidence JOIN copy USING (copy_id) WHERE reading_sha256 IS NOT NULL
    UNION ALL SELECT sha256, 'marks', exam_id, NULL
    FROM marks_file;
COMMENT ON VIEW stored_file IS
    'every file of the store a row points to: what is not in it is an orphan. A table that gets a '
    'file gets its line here';

CREATE TABLE doomed_file (
    sha256 text NOT NULL,
    kind text NOT NULL,
    CONSTRAINT doomed_file_pk PRIMARY KEY (sha256, kind)
);
COMMENT ON TABLE doomed_file IS
    'files whose rows were erased: removed right after, or by the next maintenance after a crash';
