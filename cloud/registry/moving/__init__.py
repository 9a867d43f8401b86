"""An elder moves to another home, perhaps of another community."""
