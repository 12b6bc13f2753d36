"""psyne measured beside its peers, in rounds that the machine kept steady for."""
