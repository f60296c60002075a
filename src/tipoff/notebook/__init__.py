"""What a course notebook expects beyond tipoff's own names: small adapters; nothing below knows of them."""
