"""The way in: login, sessions, who may see what, and which language is spoken."""
