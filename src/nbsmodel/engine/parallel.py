"""Work shared out to threads, with the results in the order of the work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")


def in_order(work: Callable[[Item], Done], items: Iterable[Item], threads: int) -> Iterator[Done]:
    """Results of work on items, in the order of the items.

    Parameters
    ----------
    work : callable
        Lets other threads run while it is busy (as NumPy does on arrays that are not small).
    items : iterable
    threads : int
        At least 1; with 1 the work is done where the results are asked for.

    Yields
    ------
    Whatever `work` returns. An error is raised in its turn, after the results before it.
    """
    if threads == 1:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(threads)
    try:
        ahead: deque[Future[Done]] = deque()
        for item in items:
            ahead.append(pool.submit(work, item))
            if len(ahead) > threads:  # results wait until they are taken: not too many at once
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
