"""Claims on how a value is made: their formulas, read and compared with the graph of ops."""
