"""Tests of finding personal data; every number here was made up to fit its checksum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cleaner.core.personal_data import is_bank_card, is_phone, is_resident_id, mask

ALL = ("email", "phone", "resident-id", "bank-card")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Write to jane.doe+list@mail.example.org.", "Write to [email]."),
        ("邮箱：zhang_san@example.com.cn，谢谢", "邮箱：[email]，谢谢"),  # noqa: RUF001
        ("电话13912345678。", "电话[phone]。"),
        ("手机：+86 139-1234-5678", "手机：[phone]"),  # noqa: RUF001
        ("手机 139 1234 5678", "手机 [phone]"),
        ("座机 010-12345678 或 0755-1234567", "座机 [phone] 或 [phone]"),
        ("座机（021）12345678", "座机[phone]"),  # noqa: RUF001
        ("总机010-12345678-801，分机8001", "总机[phone]-801，分机8001"),  # noqa: RUF001
        ("传真：010－12345678、0571—87654321", "传真：[phone]、[phone]"),  # noqa: RUF001
        ("座机010-6234-5678、010-6234 5678、021 6234 5678", "座机[phone]、[phone]、[phone]"),
        ("座机0755-8234 5678，0571-823 4567-801", "座机[phone]，[phone]-801"),  # noqa: RUF001
        ("座机(010) 6234-5678", "座机[phone]"),
        ("手机１３８００１３８０００，座机０１０－６２３４５６７８", "手机[phone]，座机[phone]"),  # noqa: RUF001
        ("＋８６ １３８ ００１３ ８０００，共１２页", "[phone]，共１２页"),  # noqa: RUF001
        ("证号１１０１０５１９４９１２３１００２Ｘ", "证号[resident-id]"),
        ("卡号６２２２０２１２３４５６７８９０１２８", "卡号[bank-card]"),
        ("手机139\u20111234\u20115678", "手机[phone]"),
        ("邮箱:-zhang@example.com、li＠example.com", "邮箱:[email]、[email]"),  # noqa: RUF001
        ("Call 212.555.0123", "Call [phone]"),
        ("Call (212) 555-0123 or 212-555-0123.", "Call [phone] or [phone]."),
        ("Call +1 212 555 0123 now", "Call [phone] now"),
        ("Call 1-800-555-0199", "Call [phone]"),
        ("UK +44 20 7946 0958, Germany +49 (30) 1234567", "UK [phone], Germany [phone]"),
        ("身份证11010519491231002X，", "身份证[resident-id]，"),  # noqa: RUF001
        ("ID 440524188001010014.", "ID [resident-id]."),
        ("卡号6222021234567890128", "卡号[bank-card]"),
        ("Card 4111 1111 1111 1111 or 5500-0000-0000-0004", "Card [bank-card] or [bank-card]"),
        ("Amex 3782 822463 10005", "Amex [bank-card]"),
    ],
)
def test_personal_data_is_masked(text: str, masked: str) -> None:
    """What is around it stays, to the letter."""
    assert mask(text, ALL).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "LibreOffice 7.4.3.2 and 10.15.7, build 20221124",
        "On 2026-11-24 12:00:00, from 1999-12-31 to 2000-01-01",
        "ISBN 978-7-111-12345-6, ISBN 9787111123456, ISBN 0-306-40615-2",
        "192.168.100.200 and 255.255.255.0",
        "281 474 976 710 656 is 2 ^ 48",
        "3.14159265358979 and 0.5772156649015329",
        "=SUM(A1:B2)+12345678901 returns 1700000000000",
        "par_id3154186, hd_id621632385142590, bm_id2784060",
        "RGB 255-255-255, 1234-5678",
        "ID 110105194912310021",  # one digit off
        "Card 4111 1111 1111 1112",  # one digit off
        "user@localhost and @param, a@b",
        "第3章第12345节，共13800页",  # noqa: RUF001
        "139123456789012",  # a mobile number's beginning, but longer
        "+10 or -20",
        "001 20240115, 0123 20240115",
        "$200 300.4000, lines 200-300.4000",
        "icon@2x.png",
        "编号0755-1024-0001，页码010 100 2000",  # noqa: RUF001
        "第１２３４５６７８９０１页，２０２４－１１－２４",  # noqa: RUF001
        "ＩＤ１１０１０５１９４９１２３１００２１",  # noqa: RUF001 - one digit off
        "139-1234-5678-9012, 010-12345678-1234567",
    ],
)
def test_what_only_looks_alike_stays(text: str) -> None:
    """Versions, dates, book numbers, addresses of machines, figures, ids of paragraphs."""
    assert mask(text, ALL).text == text


def test_each_kind_is_counted_and_can_be_left_out() -> None:
    """A flywheel says what is masked."""
    text = "a@b.org, c@d.org, 13912345678"
    assert mask(text, ALL).counts == {"email": 2, "phone": 1, "resident-id": 0, "bank-card": 0}
    assert mask(text, ("phone",)) == ("a@b.org, c@d.org, [phone]", {"phone": 1})


@pytest.mark.parametrize("digits", ["11010519491231002X", "11010519491231002x", "440524188001010014"])
def test_a_resident_id_has_a_check_character(digits: str) -> None:
    """The first is the example of GB 11643 itself; any other last character is wrong."""
    assert is_resident_id(digits)
    assert sum(is_resident_id(digits[:17] + last) for last in "0123456789X") == 1


def test_a_bank_card_has_a_check_digit() -> None:
    """Luhn: one digit in ten fits."""
    assert [last for last in range(10) if is_bank_card(f"411111111111111{last}")] == [1]
    assert not is_bank_card("0" * 12)


@pytest.mark.parametrize(("text", "fits"), [("+49 30 123456", True), ("+49 30 12", False), ("1" * 16, False)])
def test_a_phone_number_has_so_many_digits(text: str, fits: bool) -> None:
    """ITU-T E.164 allows fifteen."""
    assert is_phone(text) is fits


@given(st.text(alphabet="ab1234567890@.-+() （）我xX[]０１３６８＋－Ｘ", max_size=60))  # noqa: RUF001
def test_masking_twice_masks_no_more(text: str) -> None:
    """So a page that is cleaned again, or quoted by another, stays as it is."""
    once = mask(text, ALL).text
    assert mask(once, ALL).text == once
