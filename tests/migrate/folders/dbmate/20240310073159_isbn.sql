-- migrate:up
ALTER TABLE books ADD COLUMN isbn TEXT;
UPDATE books SET isbn = printf('978-3-518-%05d', id);
CREATE UNIQUE INDEX books_isbn ON books (isbn);

-- migrate:down
DROP INDEX books_isbn;
ALTER TABLE books DROP COLUMN isbn;
