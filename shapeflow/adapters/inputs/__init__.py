"""Inputs that a model can be run with, made from the signature of its forward and its configuration."""
