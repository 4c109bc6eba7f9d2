"""LOOK: ask a machine questions and return typed facts. Nothing here judges, nothing here changes the machine."""
