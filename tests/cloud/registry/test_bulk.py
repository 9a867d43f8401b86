"""A bulk file as spreadsheets write it: what is understood, and where each fault stands."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.identity.model import Role
from cloud.registry.bulk.reading import read_bulk
from cloud.registry.model import Contact, Sex

GOOD = """\
what,code,community,address,home,name,born_on,sex,conditions,contacts,role,phone
home,home-7,320106901901,"3 Ferry Road, 502",,,,,,,,
elder,elder-7,,,home-7,李桂兰,1941/3/27,female,diabetes; hypertension,Li Wei/son/+8613800000000,,
staff,chen,320106901901,,,Chen Min,,,,,nurse,+86 138 0000 0001
"""


def faults(text: str) -> list[str]:
    return [str(fault) for fault in read_bulk(text.encode()).refused]


def test_homes_elders_and_staff_are_read() -> None:
    bulk = read_bulk(GOOD.encode())
    assert bulk.refused == []
    (home,), (elder,), (member,) = bulk.homes, bulk.elders, bulk.staff
    assert home.thing.address == "3 Ferry Road, 502"
    assert home.thing.time_zone == "Asia/Shanghai"
    assert (elder.thing.name, elder.thing.born_on, elder.thing.sex) == ("李桂兰", date(1941, 3, 27), Sex.FEMALE)
    assert elder.thing.conditions == ("diabetes", "hypertension")
    assert elder.thing.contact == (Contact(name="Li Wei", relation="son", phone="+8613800000000"),)
    assert (member.thing.login, member.thing.role) == ("chen", Role.NURSE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encodings_of_spreadsheets_are_understood(encoding: str) -> None:
    (elder,) = read_bulk(GOOD.encode(encoding)).elders
    assert elder.thing.name == "李桂兰"


def test_semicolons_divide_where_the_header_has_them() -> None:
    (home,) = read_bulk(b"what;code;community;address\r\nhome;home-7;3201;3 Ferry Road, 502\r\n").homes
    assert home.thing.address == "3 Ferry Road, 502"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("house,home-7,c,a", "line 2, column what: expected home, elder or staff, got 'house'"),
        ("home,,c,a", "line 2, column code: is empty"),
        ("home,Home 7,c,a", "line 2, column code: 'Home 7': letters, digits and . _ - only, at most 60"),
        ("home,home-7,,a", "line 2, column community: is empty"),
        ("home,home-7,c,", "line 2, column address: is empty"),
        (
            "home,home-7,c,a,,,,,Mars/B",
            "line 2, column time_zone: 'Mars/B' is no IANA zone such as Asia/Shanghai",
        ),
        ("home,home-7,c,a,Mrs Li", "line 2, column name: means nothing for a home"),
        ("elder,e-7,,,Li,1941-02-30", "line 2, column born_on: '1941-02-30' is no day such as 1941-03-27"),
        ("elder,e-7,,,Li,,woman", "line 2, column sex: expected female or male, got 'woman'"),
        ("home,home-7,c,a,,,,,,,,x", "line 2, column 12: has no heading"),
    ],
)
def test_every_fault_has_its_line_and_column(row: str, fault: str) -> None:
    header = "what,code,community,address,name,born_on,sex,home,time_zone,contacts,role"
    assert fault in faults(f"{header}\n{row}\n")


def test_the_line_is_the_editors_also_after_a_cell_of_several_lines() -> None:
    text = 'what,code,community,address\nhome,home-7,c,"3 Ferry Road\n2nd floor"\n\nhome,home-8,c,\n'
    assert faults(text) == ["line 5, column address: is empty"]


def test_a_code_twice_names_the_first_line() -> None:
    text = "what,code,community,address\nhome,home-7,c,a\nhome,home-7,c,b\n"
    assert faults(text) == ["line 3, column code: 'home-7' is in line 2 already"]


def test_headings_are_checked() -> None:
    found = faults("kind,code,code\n")
    assert any("line 1, column 1: 'kind' is no column" in fault for fault in found)
    assert "line 1, column 3: 'code' stands twice" in found
    assert any("line 1, column what: is missing" in fault for fault in found)
    assert "the file is empty" in faults("")[0]


@given(st.binary(max_size=400))
def test_any_bytes_are_answered_with_faults(data: bytes) -> None:
    bulk = read_bulk(data)
    assert bulk.refused or bulk.rows


REGISTER = """\
what,code,home,name,language,storey,lift,lives_with,diet,payers,identity_number,card
elder,elder-7,home-7,李桂兰,zh,6,no,alone,little_salt; soft,self,11010519491231002X,A1234 5678
elder,elder-8,home-7,李德福,Chinese 1,high,maybe,alone; spouse,stones,self,110105194912310021,1
"""


def test_the_registers_columns_are_read() -> None:
    bulk = read_bulk(REGISTER.split("elder,elder-8", maxsplit=1)[0].encode())
    assert bulk.refused == []
    line = bulk.register["elder-7"].thing
    assert (line.storey, line.lift, line.lives_with, line.diet) == (6, False, ("alone",), ("little_salt", "soft"))
    assert (line.number, line.card) == ("11010519491231002X", "A12345678")
    assert bulk.elders[0].thing.language == "zh"
    assert bulk.has_numbers


def test_the_registers_faults_stand_at_their_columns_and_repeat_no_number() -> None:
    found = [fault for fault in faults(REGISTER) if fault.startswith("line 3")]
    columns = {fault.split("column ")[1].split(":")[0] for fault in found}
    assert columns == {"language", "storey", "lift", "lives_with", "diet", "identity_number", "card"}
    assert not any("110105" in fault for fault in found)
