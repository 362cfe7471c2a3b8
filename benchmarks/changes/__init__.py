"""Small changes to the source of SAM3, each tried against its walkthrough: which of them does it notice?"""
