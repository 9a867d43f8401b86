"""The register of elders: identity, dwelling, household, food, payers, and what they can do by themselves."""
