INSERT OR IGNORE INTO authors (id, name, born) VALUES
	(1, 'Frisch; Max', 1911), (2, 'Bachmann, Ingeborg', 1926), (3, NULL, NULL);
INSERT OR IGNORE INTO books (id, author_id, title, copies) VALUES
	(1, 1, 'Homo faber', 2), (2, 1, 'Stiller -- a novel', 1), (3, 2, 'Malina', 0),
	(4, 3, 'Beowulf', 1);
INSERT OR IGNORE INTO loans (id, book_id, reader, due_on) VALUES
	(1, 3, 'O''Hara', '2024-03-01'), (2, 1, 'Müller', '2024-03-08');
UPDATE loans SET returned_on = '2024-03-05' WHERE id = 1 AND returned_on IS NULL;
