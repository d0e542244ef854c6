-- The library: who wrote what.
-- weir:up
CREATE TABLE "authors" (
	id INTEGER PRIMARY KEY,
	name TEXT,
	born INTEGER
);
CREATE TABLE books (
	id INTEGER PRIMARY KEY,
	author_id INTEGER NOT NULL REFERENCES authors (id) ON DELETE CASCADE,
	title TEXT NOT NULL,
	copies INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX books_by_author ON books (author_id, title);

-- weir:down
DROP TABLE books;
DROP TABLE authors;
