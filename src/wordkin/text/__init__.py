"""From raw text to tokens: where text comes from, and how it is cut into words."""
