"""Back up and restore the ACL system."""
