"""Any list that a person can export is read row by row, or refused whole with what to do."""

from __future__ import annotations

import io
import os
import threading
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import ListError
from newsletter.listed import ListRow, Standing
from newsletter.lists.cells import Rules
from newsletter.lists.rows import read_list

RULES = Rules(topics={"news": "news", "treatments": "treatments", "whatisnew": "news"})


def read(
    folder: Path, content: str | bytes, name: str = "list.csv", rules: Rules = RULES
) -> tuple[str, list[ListRow]]:
    """The format found, and the rows."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    found = read_list(path, rules)
    return found.format, list(found.rows)


def said(rows: list[ListRow]) -> list[tuple[str | None, str]]:
    """Address and standing, or line and reason."""
    return [(row.email, Standing(row.standing).name.lower()) for row in rows]


def test_mailchimps_subscribed_file(tmp_path: Path) -> None:
    """Address, first name, tags, when and from where consent was given."""
    kind, rows = read(
        tmp_path,
        '"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,'
        "LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
        'ann@example.org,Ann,Doe,2,"2021-03-04 10:00:00",192.0.2.1,"2021-03-04 10:05:00",192.0.2.2,'
        '"2021-03-04 10:05:00",1,f00,,"""News"",""vip"""\n',
        rules=Rules(topics=RULES.topics, hide_network=lambda network: f"hidden {network}"),
    )
    assert kind == "mailchimp"
    assert rows == [
        ListRow(
            2,
            "ann@example.org",
            "ann@example.org",
            Standing.ACTIVE,
            "Ann",
            "news",
            "2021-03-04T10:00:00+00:00",
            "hidden 192.0.2.2",
        )
    ]


@pytest.mark.parametrize(
    ("name", "columns", "cells", "standing"),
    [
        (
            "unsubscribed_audience_export_1.csv",
            "UNSUB_TIME,UNSUB_REASON",
            "2022-01-02 03:04:05,NORMAL",
            "left",
        ),
        ("export.csv", "UNSUB_TIME,UNSUB_REASON", "2022-01-02 03:04:05,NORMAL", "left"),
        ("export.csv", "UNSUB_TIME,UNSUB_REASON", "2022-01-02 03:04:05,SPAM", "complained"),
        ("unsubscribed_audience_export_1.csv", "NOTES", "", "left"),
        ("cleaned_audience_export_1.csv", "NOTES", "", "bounced"),
        ("export.csv", "CLEAN_TIME", "2022-01-02 03:04:05", "bounced"),
        ("nonsubscribed_audience_export_1.csv", "NOTES", "", "nobody"),
        ("export.csv", "UNSUB_TIME", "", "nobody"),
    ],
)
def test_mailchimps_other_files_are_never_taken_for_subscribers(
    tmp_path: Path, name: str, columns: str, cells: str, standing: str
) -> None:
    """Each file has one standing, said by its name or by its columns; where neither says it, nobody is added."""
    text = f"Email Address,MEMBER_RATING,LEID,EUID,{columns}\nann@example.org,2,1,f00,{cells}\n"
    kind, rows = read(tmp_path, text, name)
    assert (kind, [Standing(row.standing).name.lower() for row in rows]) == ("mailchimp", [standing])


@pytest.mark.parametrize(
    ("name", "standing"),
    [
        ("unsubscribed.csv", "left"),
        ("Unsubscribed_email_audience_export_1a2b.csv", "left"),
        ("cleaned_email_audience_export_1a2b.csv", "bounced"),
        ("nonsubscribed_email_audience_export_1a2b.csv", "nobody"),
        ("subscribed_email_audience_export_1a2b.csv", "active"),
        ("cleaned.csv", "active"),
        ("cleaned list of our readers.csv", "active"),
    ],
)
@pytest.mark.parametrize("columns", ["Email Address", "Email Address,First Name,LEID,EUID"])
def test_a_files_name_counts_where_its_columns_say_nothing(
    tmp_path: Path, name: str, standing: str, columns: str
) -> None:
    """Also when somebody has thrown its columns out; a list that was cleaned up has not bounced."""
    text = f"{columns}\nann@example.org{',' * columns.count(',')}\n"
    _, rows = read(tmp_path, text, name)
    assert [Standing(row.standing).name.lower() for row in rows] == [standing]


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("Unsubscribed", {"TRUE": "left", "yes": "left", "FALSE": "active", "0": "active", "": "nobody"}),
        ("Unsubscribed from all email", {"true": "left", "false": "active"}),
        ("opt_out", {"1": "left", "nein": "active", "2024-05-01": "left"}),
        ("unsubscribed_at", {"2024-05-01T10:00:00Z": "left", "": "nobody"}),
        ("Bounced", {"yes": "bounced", "no": "active"}),
    ],
)
def test_a_column_that_says_who_left_is_never_passed_over(
    tmp_path: Path, column: str, cells: dict[str, str]
) -> None:
    """Whether it holds moments or a yes and no; a cell that says nothing is no yes."""
    text = f"Email,{column}\n" + "".join(f"reader{n}@example.org,{cell}\n" for n, cell in enumerate(cells))
    _, rows = read(tmp_path, text)
    assert [Standing(row.standing).name.lower() for row in rows] == list(cells.values())


@pytest.mark.parametrize(
    "header",
    [
        "E-Mail-Adresse,Vorname",
        "Adresse e-mail,Prénom",
        "Correo electrónico,Nombre",
        "Indirizzo email,Nome",
        "Endereço de e-mail,Primeiro nome",
        "E-mailadres,Voornaam",
        "E-postadress,Förnamn",
        "メールアドレス,名",
    ],
)
def test_columns_are_known_in_the_languages_of_their_readers(tmp_path: Path, header: str) -> None:
    """An audience's language names its columns."""
    rows = read(tmp_path, f"{header}\nann@example.org,Ann\n")[1]
    assert [(row.email, row.first_name) for row in rows] == [("ann@example.org", "Ann")]


def test_substacks_active_subscription_says_who_pays_and_nothing_else(tmp_path: Path) -> None:
    """A reader who does not pay is a reader; one whose mail was switched off is not."""
    kind, rows = read(
        tmp_path,
        "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
        "ann@example.org,false,,other,false,2024-01-15T10:00:00.000Z,\n"
        "bob@example.org,true,2026-12-01,yearly,false,2024-02-01T10:00:00.000Z,2024-02-01\n"
        "eve@example.org,true,,yearly,true,2024-02-01T10:00:00.000Z,\n",
    )
    assert kind == "substack"
    assert said(rows) == [
        ("ann@example.org", "active"),
        ("bob@example.org", "active"),
        ("eve@example.org", "left"),
    ]


def test_listmonks_statuses(tmp_path: Path) -> None:
    """Enabled is active, disabled has left, blocklisted is never written to."""
    kind, rows = read(
        tmp_path,
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        '1,ann@example.org,Ann Doe,"{""city"": ""Oslo""}",enabled,2020-01-01,2020-01-01\n'
        "2,bob@example.org,Bob,{},disabled,2020-01-01,2020-01-01\n"
        "3,eve@example.org,Eve,{},blocklisted,2020-01-01,2020-01-01\n",
    )
    assert kind == "listmonk"
    assert [Standing(row.standing).name for row in rows] == ["ACTIVE", "LEFT", "BLOCKED"]
    assert rows[0].first_name == "Ann"


def test_ghosts_members(tmp_path: Path) -> None:
    """`subscribed_to_emails` decides; a deleted member has left."""
    kind, rows = read(
        tmp_path,
        "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,"
        "labels,tiers\n"
        "1,ann@example.org,Ann Doe,,true,false,,2024-01-15T10:00:00.000Z,,What is new,\n"
        "2,bob@example.org,Bob,,false,false,,2024-01-15T10:00:00.000Z,,,\n"
        "3,eve@example.org,Eve,,true,false,,2024-01-15T10:00:00.000Z,2025-01-15T10:00:00.000Z,,\n"
        "4,joe@example.org,Joe,,,false,,2024-01-15T10:00:00.000Z,,,\n",
    )
    assert kind == "ghost"
    assert [Standing(row.standing).name for row in rows] == ["ACTIVE", "LEFT", "LEFT", "NOBODY"]
    assert (rows[0].topics, rows[0].given_at) == ("news", "2024-01-15T10:00:00+00:00")


def test_buttondowns_types(tmp_path: Path) -> None:
    """Who does not pay still reads; who never confirmed is not taken in."""
    types = {
        "regular": "ACTIVE",
        "unpaid": "ACTIVE",
        "past_due": "ACTIVE",
        "unactivated": "NOBODY",
        "unsubscribed": "LEFT",
        "removed": "LEFT",
        "spammy": "BLOCKED",
        "undeliverable": "BOUNCED",
        "complained": "COMPLAINED",
    }
    text = "email,subscriber_type,creation_date,tags\n" + "".join(
        f"reader{number}@example.org,{kind},2024-01-15,\n" for number, kind in enumerate(types)
    )
    kind, rows = read(tmp_path, text)
    assert kind == "buttondown"
    kind, renamed = read(tmp_path, text.replace("email,subscriber_type", "email_address,type"))
    assert (kind, [row.standing for row in renamed]) == ("buttondown", [row.standing for row in rows])
    assert [Standing(row.standing).name for row in rows] == list(types.values())


def test_kits_states(tmp_path: Path) -> None:
    """`state` is a standing here, and nowhere else: elsewhere it is a part of the country."""
    kind, rows = read(
        tmp_path,
        "id,first_name,email_address,state,created_at\n"
        "1,Ann,ann@example.org,active,2024-01-15\n2,Bob,bob@example.org,cancelled,2024-01-15\n"
        "3,Eve,eve@example.org,bounced,2024-01-15\n4,Joe,joe@example.org,inactive,2024-01-15\n",
    )
    assert kind == "kit"
    assert [Standing(row.standing).name for row in rows] == ["ACTIVE", "LEFT", "BOUNCED", "NOBODY"]
    assert said(read(tmp_path, "email,city,state\nann@example.org,Mesa,AZ\n")[1]) == [
        ("ann@example.org", "active")
    ]


def test_a_status_nobody_knows_is_never_taken_for_a_yes(tmp_path: Path) -> None:
    """Also an empty one."""
    rows = read(tmp_path, "email,status\nann@example.org,vielleicht\nbob@example.org,\n")[1]
    assert [row.reason for row in rows] == ["has a status that is not known", "has no status"]


def test_a_mapping_says_what_a_column_holds(tmp_path: Path) -> None:
    """For any table; it also overrides what would have been guessed."""
    rules = Rules(mapping={"Privat": "email", "Anrede": "first_name"})
    rows = read(tmp_path, "Email,Privat,Anrede\nann@work.example,ann@example.org,Ann\n", rules=rules)[1]
    assert [(row.email, row.first_name) for row in rows] == [("ann@example.org", "Ann")]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [({"Privat": "mail"}, "knows no field"), ({"Nowhere": "email"}, "does not have")],
)
def test_a_mapping_of_something_that_is_not_there_is_refused(
    tmp_path: Path, mapping: dict[str, str], message: str
) -> None:
    """Before a single row is read."""
    with pytest.raises(ListError, match=message):
        read(tmp_path, "Privat\nann@example.org\n", rules=Rules(mapping=mapping))


def test_a_bare_list_of_addresses_needs_no_header(tmp_path: Path) -> None:
    """The first line is a reader, too."""
    rows = read(tmp_path, "ann@example.org\nBob <bob@example.org>\n")[1]
    assert [(row.line, row.email) for row in rows] == [(1, "ann@example.org"), (2, "bob@example.org")]


def test_a_table_without_addresses_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """The columns are named, and the way to name the right one."""
    with pytest.raises(ListError, match="Kunde, Ort") as refused:
        read(tmp_path, "Kunde,Ort\nAnn,Oslo\n")
    assert "--map" in refused.value.hint


TEXT = "Email,First Name\r\nann@example.org,Zoë\r\nbob@bücher.example,Jürgen\r\n"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "mac_roman"],
)
def test_every_encoding_that_people_have_is_read(tmp_path: Path, encoding: str) -> None:
    """With its mark or without, from Windows and from an old Mac."""
    rows = read(tmp_path, TEXT.encode(encoding))[1]
    assert [(row.key, row.first_name) for row in rows] == [
        ("ann@example.org", "Zoë"),
        ("bob@xn--bcher-kva.example", "Jürgen"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_separator_and_line_end_is_read(tmp_path: Path, separator: str, end: str) -> None:
    """Spreadsheets write what the country they are set to writes."""
    lines = (("Email", "First Name"), ("ann@example.org", "Ann"), ("bob@example.org", '"Bob, the; first"'))
    rows = read(tmp_path, end.join(separator.join(line) for line in lines))[1]
    assert [(row.line, row.email) for row in rows] == [(2, "ann@example.org"), (3, "bob@example.org")]


def test_excels_note_about_the_separator_is_no_header(tmp_path: Path) -> None:
    """`sep=;` stands before the header of some exports."""
    rows = read(tmp_path, "sep=;\nName;Email\nAnn;ann@example.org\n")[1]
    assert [(row.line, row.email) for row in rows] == [(3, "ann@example.org")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Ann", "is cut off before the address"),
        ("Ann,", "the address is empty"),
        ("Ann,ann@example", "the address has no dot after the @"),
        ('Ann,"=HYPERLINK(""mailto:ann@example.org"")"', "the address is a spreadsheet formula"),
        ("Ann,an\x00n@example.org", "the address is not valid"),
        ("Doe, Ann,ann@example.org", "the address has no @"),
        ("Ann,ann@example.org,3,4", "has 4 cells, the header 3"),
    ],
)
def test_a_damaged_row_is_refused_with_its_line_and_reason(tmp_path: Path, line: str, reason: str) -> None:
    """And the rows around it are read."""
    rows = read(tmp_path, f"Name,Email,Note\nBob,bob@example.org,\n{line}\nEve,eve@example.org,\n")[1]
    assert [row.email for row in rows] == ["bob@example.org", None, "eve@example.org"]
    assert rows[1].line == 3
    assert (rows[1].reason or "").startswith(reason)


def test_a_formula_that_only_keeps_text_as_text_is_read(tmp_path: Path) -> None:
    """`="ann@example.org"` is how some exports keep a spreadsheet from guessing."""
    rows = read(tmp_path, 'Email\n"=""ann@example.org"""\n')[1]
    assert [row.email for row in rows] == ["ann@example.org"]


def test_a_name_that_is_no_name_is_left_out(tmp_path: Path) -> None:
    """Nothing from a list can become a formula, a link or a placeholder in a mail."""
    names = [
        '=cmd|"/C calc"!A0',
        "http://evil.example",
        "{{ first_name }}",
        "x" * 61,
        "ann@example.org",
        "<b>",
    ]
    text = "Email\tFirst Name\n" + "".join(
        f"reader{number}@example.org\t{name}\n" for number, name in enumerate(names)
    )
    assert [row.first_name for row in read(tmp_path, text)[1]] == [None] * len(names)


def test_a_quote_that_is_never_closed_does_not_swallow_readers_in_silence(tmp_path: Path) -> None:
    """The lines that ran together are named."""
    rows = read(tmp_path, 'Email,Note\nann@example.org,"oops\nbob@example.org,x\neve@example.org,"y"\n')[1]
    assert [(row.line, row.reason) for row in rows] == [
        (2, "a quote is not closed: lines 2 to 4 run together")
    ]


def test_a_cell_may_have_several_lines(tmp_path: Path) -> None:
    """A note with a line break is not damage; lines are counted as the file has them."""
    rows = read(tmp_path, 'Email,Note\nann@example.org,"one\ntwo"\nbob@example.org,x\n')[1]
    assert [(row.line, row.email) for row in rows] == [(2, "ann@example.org"), (4, "bob@example.org")]


def workbook() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (workbook(), "a workbook or a zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 50, "an old Excel workbook"),
        (b"\x1f\x8b\x08\x00", "a gzip archive"),
        (b"%PDF-1.7", "a PDF"),
        (b"<!DOCTYPE html><html>Please log in</html>", "a web page"),
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\xef\xbb\xbf", "no column of addresses"),
    ],
)
def test_what_is_no_table_of_text_is_refused_whatever_its_name(
    tmp_path: Path, content: bytes, message: str
) -> None:
    """The message says what it is, and ListError exits with 2."""
    with pytest.raises(ListError, match=message) as refused:
        read(tmp_path, content)
    assert refused.value.exit_code == 2
    assert "list.csv" in str(refused.value)


@pytest.mark.parametrize("before", ["", "email\n", "email\nann@example.org\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_one_endless_line_is_refused_before_it_is_read(tmp_path: Path, before: str, encoding: str) -> None:
    """It would be read into memory whole, were it a gigabyte."""
    with pytest.raises(ListError, match="a line of more than 4 MB"):
        read(tmp_path, (before + "x" * 6_000_000).encode(encoding))


def test_what_can_be_read_only_once_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """A pipe: the message is not empty."""
    pipe = tmp_path / "list.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text("email\nann@example.org\n"))
    writer.start()
    with pytest.raises(ListError, match=r"cannot be read: [^N]") as refused:
        read_list(pipe, Rules())
    writer.join()
    assert "as a file" in refused.value.hint


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: ("email,status\n" + text).encode()))
def test_any_bytes_give_rows_or_one_clear_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """Every row is answered for: an address with a standing, or a reason."""
    try:
        rows = read(tmp_path_factory.mktemp("any"), content)[1]
    except ListError:
        return
    for row in rows:
        assert (row.email is None) == (row.standing == Standing.NOBODY) == (row.reason is not None)
