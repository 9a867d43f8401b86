"""Letters of other time banks. Who signed them is who they are from: nobody signs in."""

import asyncio
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from cloud.db.sight import CENTRE, seeing
from cloud.errors import RejectedMessage
from cloud.services.time_bank.transfers.carrying import PATH
from cloud.services.time_bank.transfers.commands import hear
from cloud.services.time_bank.transfers.key import open_bank
from cloud.services.time_bank.transfers.messages import decode_letter, encode_letter
from cloud.web.services import services_of

router = APIRouter(tags=["time bank"])


@router.post(PATH)
async def hear_bank(request: Request) -> Response:
    """One signed letter; the answer is one too, or nothing (204)."""
    services = services_of(request)
    if not services.config.time_bank.partners:
        raise HTTPException(404)
    body = await request.body()
    bank = await asyncio.to_thread(open_bank, services.config.time_bank, Path(services.config.data))
    try:
        letter = decode_letter(body)
        with seeing(CENTRE):
            async with services.pool.connection() as conn:
                answer = await hear(conn, bank, letter, services.now)
    except RejectedMessage as error:
        raise HTTPException(422, str(error)) from error
    if answer is None:
        return Response(status_code=204)
    return Response(encode_letter(answer), media_type="application/json")
