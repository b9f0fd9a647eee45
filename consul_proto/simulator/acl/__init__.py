"""Both ACL systems: tokens, policies, roles, templates and logins."""
