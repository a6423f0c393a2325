"""What several files of tests share and pytest hands to them."""

import socket
from contextlib import suppress

import pytest


@pytest.fixture
def world(tmp_path):
    """A world of processes that ends with the test."""
    from small_processes import World  # Dask takes a second to load

    world = World(tmp_path)
    yield world
    world.end()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """The file of the experiment ``long`` that was made from beginning to end.

    Meanwhile another has the port of Dask's page, as a second experiment would.
    """
    from small_processes import TASKS, World, ended

    world = World(tmp_path_factory.mktemp("undisturbed"))
    with socket.socket() as another:
        with suppress(OSError):  # somebody really has it
            another.bind(("127.0.0.1", 8787))
            another.listen()
        assert ended(world.run()) == (0, f"6 of 6 runs recorded in {world.path}\n", "")
    assert world.files() == [world.path] and sorted(dict(world.begun())) == sorted(TASKS)
    return world.path.read_bytes()
