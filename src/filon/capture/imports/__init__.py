"""Files that come in: any table is read, its columns are understood, its rows become typed values."""
