"""The guided tour from symptom to cure: pure screens (state -> lines, key -> next state) and a thin loop."""
