-- weir:up transaction:off
VACUUM;
REINDEX books_isbn;
-- weir:down
-- There is nothing to undo.