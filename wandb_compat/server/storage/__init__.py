"""What the embedded server stores, and how."""
