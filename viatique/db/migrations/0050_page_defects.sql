-- what is wrong with a page as scanned, so that it is named before anyone marks the copy
ALTER TABLE page ADD COLUMN defect text;
COMMENT ON COLUMN page.defect IS
    'code of what is wrong with the page, found at import (viatique/page_defects.py); null: nothing';
