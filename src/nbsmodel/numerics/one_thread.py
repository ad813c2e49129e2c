"""Linear algebra on one thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep the linear algebra of NumPy and SciPy on one thread.

    The last bits of its sums depend on the number of threads, which depends on the machine; and for many small
    matrices several threads are slower than one, much slower where other programs run.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
