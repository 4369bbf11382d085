-- A music store with names in Pascal case, as its kind is found everywhere.
CREATE TABLE [Artist] (
  [ArtistId] INTEGER PRIMARY KEY NOT NULL,
  [Name] NVARCHAR(120)
);
CREATE TABLE [Album] (
  [AlbumId] INTEGER PRIMARY KEY NOT NULL,
  [Title] NVARCHAR(160) NOT NULL,
  [ArtistId] INTEGER NOT NULL,
  FOREIGN KEY ([ArtistId]) REFERENCES [Artist] ([ArtistId]) ON DELETE NO ACTION ON UPDATE NO ACTION
);
CREATE INDEX [IFK_AlbumArtistId] ON [Album] ([ArtistId]);
CREATE TABLE [Genre] ([GenreId] INTEGER PRIMARY KEY NOT NULL, [Name] NVARCHAR(120) UNIQUE);
CREATE TABLE [Track] (
  [TrackId] INTEGER PRIMARY KEY NOT NULL,
  [Name] NVARCHAR(200) NOT NULL CHECK (length([Name]) BETWEEN 1 AND 200),
  [AlbumId] INTEGER REFERENCES [Album] ON DELETE SET NULL,
  [GenreId] INTEGER REFERENCES genre (genreid),
  [Milliseconds] INTEGER NOT NULL CHECK ("Milliseconds" > 0),
  [UnitPrice] NUMERIC(10,2) NOT NULL DEFAULT 0.99,
  CONSTRAINT [UQ_AlbumTrack] UNIQUE ([AlbumId], [Name])
);
CREATE TABLE [Employee] (
  [EmployeeId] INTEGER PRIMARY KEY AUTOINCREMENT,
  [LastName] NVARCHAR(20) NOT NULL,
  [ReportsTo] INTEGER REFERENCES [Employee] ([EmployeeId]),
  [HireDate] DATETIME
);
CREATE TABLE [Customer] (
  [CustomerId] INTEGER PRIMARY KEY,
  [Email] NVARCHAR(60) NOT NULL COLLATE NOCASE UNIQUE,
  [SupportRepId] INTEGER REFERENCES [Employee] ([EmployeeId]),
  [SalesRepId] INTEGER REFERENCES [Employee] ([EmployeeId])
);
CREATE TABLE [Playlist] ([PlaylistId] INTEGER PRIMARY KEY, [Name] NVARCHAR(120));
CREATE TABLE [PlaylistTrack] (
  [PlaylistId] INTEGER NOT NULL REFERENCES [Playlist] ([PlaylistId]) ON DELETE CASCADE,
  [TrackId] INTEGER NOT NULL REFERENCES [Track] ([TrackId]),
  PRIMARY KEY ([PlaylistId], [TrackId])
);
CREATE VIEW [AlbumLengths] AS
  SELECT a.[AlbumId], a.[Title], sum(t.[Milliseconds]) AS [Total length]
  FROM [Album] AS a JOIN [Track] AS t USING ([AlbumId]) GROUP BY a.[AlbumId];
INSERT INTO Artist VALUES (1, 'AC/DC'), (2, 'Accept'), (3, NULL);
INSERT INTO Album VALUES (1, 'For Those About To Rock', 1), (2, 'Balls to the Wall', 2);
INSERT INTO Genre VALUES (1, 'Rock'), (2, 'Jazz');
INSERT INTO Track VALUES (1, 'Inject The Venom', 1, 1, 210834, 0.99), (2, 'Evil Walks', 1, 1, 263497, 1), (3, 'Balls to the Wall', 2, NULL, 342562, 1.29);
INSERT INTO Employee VALUES (1, 'Adams', NULL, '2002-08-14 00:00:00'), (2, 'Edwards', 1, '2002-05-01 00:00:00');
INSERT INTO Customer VALUES (1, 'luisg@example.org', 2, NULL);
INSERT INTO Playlist VALUES (1, 'Music'), (2, 'Movies');
INSERT INTO PlaylistTrack VALUES (1, 1), (1, 3), (2, 1);
