"""How a gateway and the centre come to trust each other: the claim's code, both proofs, the messages over HTTPS."""
