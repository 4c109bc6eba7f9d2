"""Recordings for strangers: names and addresses are replaced one to one, under a key, so that rules see no difference."""
