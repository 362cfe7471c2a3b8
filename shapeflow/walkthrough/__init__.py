"""Documents that make claims about a trace, and the judging of them."""
