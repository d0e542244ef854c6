-- migrate:up transaction:false
VACUUM;
REINDEX books_isbn;

-- migrate:down transaction:false
