"""An option as a folder of files, for people who apply nothing from a tool: as they lie on the machines. Pure."""
