DROP VIEW shelf;
CREATE TABLE authors_new (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL CHECK (name <> ''),
	born INTEGER
);
INSERT INTO authors_new (id, name, born) SELECT id, coalesce(name, 'unknown; nobody asked'), born FROM authors;
DROP TABLE authors;
ALTER TABLE authors_new RENAME TO authors;
CREATE VIEW shelf AS
	SELECT books.id AS id, books.title AS title, authors.name AS author
	FROM books JOIN authors ON authors.id = books.author_id;
