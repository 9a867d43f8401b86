"""Staff sign in by an OpenID provider: who they are there is bound to who they are here by an administrator."""
