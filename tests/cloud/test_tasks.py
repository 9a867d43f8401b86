import asyncio
import contextlib

from cloud.tasks import end


async def test_a_lost_cancellation_is_given_again() -> None:
    begun = asyncio.Event()

    async def deaf_at_first() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            begun.set()
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    task = asyncio.create_task(deaf_at_first())
    await begun.wait()
    async with asyncio.timeout(10):
        await end([task], again_s=0.01)
    assert task.cancelled()


async def test_what_a_task_raises_on_its_way_out_stays_there() -> None:
    async def broken() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ConnectionError("the server went first")

    task = asyncio.create_task(broken())
    await asyncio.sleep(0)
    await end([task])
    assert isinstance(task.exception(), ConnectionError)
