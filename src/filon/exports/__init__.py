"""The data out again, whole and in the contract's own field names: an export is a file that imports."""
