"""The formulas of value claims: parsed, and evaluated on the numbers a real run kept."""
