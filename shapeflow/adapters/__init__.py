"""Adapters: each knows one model family. ``specs`` lists them without loading torch, ``base`` loads one."""
