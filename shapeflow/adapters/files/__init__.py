"""Models in files: exported programs, scripted and pickled models; weights alone are told what they need."""
