"""Storage of the embedded server: database, files, and the calls that write."""
