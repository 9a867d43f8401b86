"""The register of demands on pages: the telephone form, the list, one with its history, doubts, kinds and figures."""
