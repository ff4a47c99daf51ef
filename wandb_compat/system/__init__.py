"""What differs between operating systems and disks, so that call sites need not ask where they run."""
