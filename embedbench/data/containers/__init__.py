"""Pictures in archives, shards, tables of bytes, annotations and objects of Python."""
