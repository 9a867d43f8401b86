"""The live detector's looks: what is read of an elder, which layers are asked, and what is written of their answer."""
