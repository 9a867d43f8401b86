"""The tree of kinds as this house has it: begun as `kinds.TREE`, changed by administrators."""
