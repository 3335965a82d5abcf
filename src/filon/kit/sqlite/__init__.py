"""Django's SQLite backend on a bundled, current SQLite, with one write lock for all threads and processes."""
