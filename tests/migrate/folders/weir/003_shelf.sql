-- weir:up
-- What the front page lists; one line for each book.
CREATE VIEW shelf AS
	SELECT books.id AS id, books.title AS title, authors.name AS author
	FROM books JOIN authors ON authors.id = books.author_id;

-- weir:down
DROP VIEW shelf;
