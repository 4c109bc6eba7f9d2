"""Two judgements compared: what changed in verdicts and states, which causes came and went, and which facts differ."""
