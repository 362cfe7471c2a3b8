"""The one notation of tensors: shapes as text, as dims, and matched with what was observed."""
