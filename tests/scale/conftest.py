"""One cluster for all tests of it, and an exam whose marks are complete."""

from collections.abc import Iterator

import pytest

from tests.scale.cluster import Cluster, cluster
from tests.scale.exam import Marked, marked_exam


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The servers, over TLS; the flows are deployed and nobody works yet."""
    with cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.fixture(scope="session")
def marked(machines: Cluster) -> Marked:
    """An exam that waits for its final PDFs, and a copy of its database where they are made."""
    return marked_exam(machines, copies=14)
