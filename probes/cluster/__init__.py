"""The cluster as a second host behind the same verb: `ClusterHost.ask(question)`, read-only, by kubectl or in-cluster."""
