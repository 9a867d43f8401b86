"""The centre on one machine: database, broker and every stage as children of `doorstep-cloud up`."""
