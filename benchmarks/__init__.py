"""Measurements that are too slow or too broad for the tests: `make bench`."""
