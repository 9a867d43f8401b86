"""The centre's own certificate authority: who may say that they are a gateway of ours, or its server."""
