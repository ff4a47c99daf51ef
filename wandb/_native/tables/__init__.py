"""Parts of tables: cells, keys, joined and partitioned tables."""
