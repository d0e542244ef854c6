-- +goose Up
CREATE TABLE events (
	id INTEGER PRIMARY KEY,
	loan_id INTEGER NOT NULL REFERENCES loans (id) ON DELETE CASCADE,
	text TEXT NOT NULL DEFAULT 'none; yet'
);
-- +goose StatementBegin
CREATE TRIGGER loans_returned AFTER UPDATE OF returned_on ON loans
BEGIN
	INSERT INTO events (loan_id, text) VALUES (new.id, CASE
		WHEN new.returned_on IS NULL THEN 'out again; END;'
		WHEN new.returned_on > new.due_on THEN 'returned late; a fee is due'
		ELSE 'returned; in time' END);
	-- A comment with ; in it, and a quote: it's there.
	UPDATE books SET copies = copies + 1
	WHERE id = new.book_id AND new.returned_on IS NOT NULL;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER loans_returned;
DROP TABLE events;
