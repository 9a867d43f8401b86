import pytest

from cloud.registry.demands.model import Model
from cloud.registry.demands.sentences import glossary, learned_from
from cloud.registry.demands.training import train


@pytest.fixture(scope="session")
def model() -> Model:
    """Of everything that comes with the program: some seconds."""
    return train(learned_from(), glossary())
