"""Who looked at me: for the elder and whoever of the family has their link."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cloud.identity.audit import store
from cloud.web.elder.pages import person_of
from cloud.web.language import N_
from cloud.web.render import page
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)
SHOWN = timedelta(days=90)
MOST = 200
DEEDS = {
    "saw_record": N_("looked at the record"),
    "saw_visit": N_("looked at a visit"),
    "saw_demand": N_("looked at a wish of yours"),
    "saw_picture": N_("looked at a photo of a visit, or heard a spoken word"),
    "saw_card": N_("looked at a call for help"),
    "took_call": N_("took a call for help"),
    "answered_call": N_("said that help is on the way"),
    "sent_somebody": N_("sent somebody"),
    "noted": N_("wrote a note"),
    "closed_call": N_("closed a call for help"),
    "moved_visit": N_("changed a visit"),
    "took_demand": N_("wrote down a wish for you"),
    "moved_demand": N_("brought a wish of yours on its way"),
    "reported": N_("wrote the report of a visit"),
    "changed_hours": N_("changed something of your hours"),
    "saw_consents": N_("looked at what you agreed to"),
    "changed_consents": N_("wrote down what you agreed to, or withdrew"),
    "changed_limits": N_("changed a limit that is yours alone"),
    "saw_register": N_("looked at your entry in the register"),
    "saw_numbers": N_("looked at your identity number"),
    "changed_register": N_("changed your entry in the register"),
    "moved_elder": N_("wrote down that you moved"),
    "assessed_ability": N_("assessed what you can do by yourself"),
    "drew_link": N_("drew a new card with a link"),
    "said_whose": N_("said whose a measurement was"),
    "saw_family_page": N_("looked at what is shared with the family"),
    "opened_link": N_("opened the page on a new device"),
    "left_link": N_("left the page on a device"),
    "asked_data": N_("asked for a copy, or for erasure"),
    "asked_copy": N_("asked for a copy of your data"),
    "took_copy": N_("took a copy of your data"),
    "asked_visit": N_("asked for somebody to come"),
    "said_wish": N_("said a wish"),
    "took_back_visit": N_("took back that somebody is to come"),
    "assessed": N_("said how a visit was"),
    "made_home": N_("set your home up"),
    "drew_claim": N_("drew a code for the box in your home"),
    "changed_settings": N_("changed the settings of the box in your home"),
}


@router.get("/e/{token}/looked")
async def looked_page(request: Request, token: str) -> Response:
    services = services_of(request)
    async with services.pool.connection() as conn:
        person = await person_of(request, conn, token)
        looks = await store.looks(conn, person.elder_id, services.now - SHOWN, MOST)
    context = {"person": person, "token": token, "looks": looks, "deeds": DEEDS, "days": SHOWN.days}
    return page(request, "looked.html", context, zone=ZoneInfo(person.time_zone))
