"""What the stores of consents, copies, and erasures are called with."""

from typing import Any

from cloud.privacy.copies.model import Asker
from cloud.privacy.erasure.ledger import Erasure
from cloud.privacy.export.family import sheets_for
from cloud.privacy.export.model import Sheet
from cloud.privacy.holdings import holdings_in
from cloud.privacy.model import Given, How, Wish
from cloud.privacy.purposes import Purpose
from tests.cloud.web.community import NOW, Community
from tests.integration.both.samples import DAY


def fill_copies(made: Community, elder_id: int) -> None:
    """One that is there for the elder, and one that waits for the desk."""
    for staff_id, made_at in ((None, NOW), (made.staff["desk"], None)):
        made.run(
            "INSERT INTO data_copy (elder_id, staff_id, asked_at, made_at, ends_at) VALUES (%s, %s, %s, %s, %s)",
            elder_id, staff_id, NOW, made_at, NOW + DAY,
        )  # fmt: skip
    made.run("INSERT INTO data_copy_part SELECT copy_id, 0, 'sealed' FROM data_copy WHERE made_at IS NOT NULL")


def privacy_calls(made: Community) -> dict[str, list[dict[str, Any]]]:
    relative = made.one("SELECT relative_id FROM relative")
    elder = made.elders["home-1"]
    own, copy = Asker(elder), made.one("SELECT copy_id FROM data_copy WHERE made_at IS NOT NULL")
    tables = [name for (name,) in made.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    sheets = [
        Sheet(holding.table, holding.what, f"SELECT t.* FROM {holding.table} t WHERE {holding.theirs}")
        for holding in holdings_in(tables)
    ] + sheets_for(relative, [purpose.value for purpose in Purpose])
    return {
        "privacy.give": [{"given": Given(Purpose.CARE, How.SIGNED)}],
        "privacy.withdraw": [{"consent_id": made.one("SELECT consent_id FROM consent")}],
        "privacy.agreeing": [{"purpose": Purpose.FAMILY_READINGS}],
        "privacy.ask": [{"wish": Wish.EXPORT}],
        "privacy.answer": [{"wish": Wish.ERASE}],
        "privacy.erasure.elder_of": [{"code": "elder-1"}],
        "privacy.erasure.forget_figures": [{"begin": NOW - 3 * DAY, "end": NOW}],
        "privacy.erasure.note": [{"erasures": [Erasure("ab" * 32, "cd" * 32, NOW)]}],
        "privacy.export.columns": [{"sheet": sheet} for sheet in sheets],
        "privacy.export.rows": [{"sheet": sheet} for sheet in sheets],
        "privacy.copies.ask": [{"asker": own}, {"asker": Asker(elder, relative_id=relative)}],
        "privacy.copies.newest": [{"asker": own}],
        "privacy.copies.fetch": [{"asker": own, "copy_id": copy}],
        "privacy.copies.keep_part": [{"copy_id": copy, "place": 1, "sealed": b"x"}],
        "privacy.copies.finish": [{"copy_id": copy, "size_bytes": 7}],
        "privacy.copies.fail": [{"copy_id": copy}],
        "privacy.copies.put_back": [{"copy_id": copy}],
        "privacy.copies.forget": [{"wall_now": NOW + 9 * DAY}],
    }
