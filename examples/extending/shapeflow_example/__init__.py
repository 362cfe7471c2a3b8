"""An adapter, a kind of claim and a report format for shapeflow, from another package."""
