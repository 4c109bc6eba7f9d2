"""MEND: plans out of diagnoses, applied under a watchdog, kept only if proven and confirmed, else taken back."""
