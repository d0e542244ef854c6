CREATE TABLE loans (
	id INTEGER PRIMARY KEY,
	book_id INTEGER NOT NULL REFERENCES books (id) ON DELETE CASCADE,
	reader TEXT NOT NULL,
	due_on TEXT NOT NULL,
	returned_on TEXT
);
CREATE INDEX loans_open ON loans (due_on) WHERE returned_on IS NULL;
