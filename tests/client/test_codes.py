"""Codes for people: what is written can be read back, and what goes wrong on the way is noticed and located."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sogdia.client import codes
from sogdia.client.codes import (
    ALPHABET,
    CodeFault,
    CodeWrong,
    account_code,
    locate,
    name_code,
    read_account,
    read_name,
)

BUKHARA = bytes.fromhex("5b0a3c7e9f1122334455aabbccddeeff00102030")
BUKHARA_CODE = "acct-bc53-rzmz-24h3-6h2n-naxw-sqfe-zw01-081g-wr0g-8a"
INVOICE = BUKHARA + b"INV-536365"
LONGEST = BUKHARA + b"0123456789abcdef"
CODES = [account_code(BUKHARA), name_code(INVOICE), name_code(LONGEST)]

ACCOUNTS = st.binary(min_size=20, max_size=20)
REFERENCES = st.text(sorted(map(chr, codes.REFERENCE_CHARACTERS)), min_size=1, max_size=16).map(str.encode)


def fault_of(code, read=read_account):
    """Read a code that cannot be read and give what was raised."""
    with pytest.raises(CodeWrong) as wrong:
        read(code)
    return wrong.value


def readable(code: str) -> bool:
    """Whether a code can be read as any kind."""
    for read in (read_account, read_name):
        try:
            read(code)
        except CodeWrong:
            continue
        return True
    return False


def test_an_account_s_code_is_what_it_was_at_the_first_release():
    assert account_code(BUKHARA) == BUKHARA_CODE
    assert read_account(BUKHARA_CODE) == BUKHARA


@given(ACCOUNTS)
def test_an_account_is_read_back(account):
    code = account_code(account)

    assert read_account(code) == account
    assert len(code.replace("-", "")) == 42
    assert locate(code) is None


@given(ACCOUNTS, REFERENCES)
def test_a_name_is_read_back(account, reference):
    code = name_code(account + reference)

    assert read_name(code) == account + reference
    assert 44 <= len(code.replace("-", "")) <= 68
    assert locate(code) is None


def test_the_check_is_the_one_of_bip_350():
    # Bech32m's own test vector "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx", its characters put as values, runs
    # through our register behind its prefix written out in BIP-173's way.
    alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    values = [alphabet.index(character) for character in "l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx"]
    prefix = [ord(character) >> 5 for character in "abcdef"] + [0] + [ord(character) & 31 for character in "abcdef"]

    assert codes._register(prefix + values) == codes._REMAINDER


@pytest.mark.parametrize("code", CODES)
def test_every_single_wrong_character_is_noticed_and_located(code):
    read = read_account if code.startswith("acct") else read_name

    for place, right in enumerate(code):
        if right == "-":
            continue
        wrong = code
        for character in ALPHABET.replace(right, ""):
            wrong = code[:place] + character + code[place + 1 :]
            fault = fault_of(wrong, read)
            assert (fault.fault, fault.where) == (CodeFault.CHECK, place)
        assert locate(wrong) == place


@pytest.mark.parametrize("code", CODES)
def test_every_swap_of_neighbours_is_noticed_and_never_put_at_a_wrong_place(code):
    bare = code.replace("-", "")
    swapped = [
        bare[:place] + after + before + bare[place + 2 :]
        for place, (before, after) in enumerate(pairwise(bare))
        if before != after
    ]

    assert not any(readable(wrong) for wrong in swapped)
    assert all(locate(wrong) is None for wrong in swapped)


@given(ACCOUNTS, st.data())
def test_up_to_four_wrong_characters_are_noticed(account, data):
    symbols = list(account_code(account).replace("-", ""))
    places = data.draw(st.lists(st.integers(0, len(symbols) - 1), min_size=1, max_size=4, unique=True))
    for place in places:
        symbols[place] = data.draw(st.sampled_from(ALPHABET.replace(symbols[place], "")))
    wrong = "".join(symbols)

    assert fault_of(wrong).fault is CodeFault.CHECK
    assert len(places) == 4 or locate(wrong) == (places[0] if len(places) == 1 else None)


def test_no_four_wrong_characters_can_hide_in_the_longest_code():
    """A proof by trying all: the check would have to be the same for two different pairs of wrong characters.

    The code is linear and cyclic, so it is enough that one of the four stands at the end.
    """
    longest = 68
    errors = [list(range(1, 32))]
    for _ in range(longest - 1):
        errors.append([codes._register([0], error) for error in errors[-1]])
    at_the_end = errors[0]

    single = {error for column in errors for error in column}
    with_the_end = {last ^ error for last in at_the_end for column in errors[1:] for error in column}
    assert len(single) == 31 * longest
    assert len(with_the_end) == 31 * 31 * (longest - 1)
    assert not with_the_end & single
    for place, column in enumerate(errors[1:], start=1):
        for other in errors[place + 1 :]:
            assert with_the_end.isdisjoint([one ^ two for one in column for two in other])


@given(ACCOUNTS, st.integers(0, 41), st.sampled_from(ALPHABET))
def test_a_missing_or_surplus_character_of_an_account_s_code_is_noticed(account, place, character):
    bare = account_code(account).replace("-", "")

    assert fault_of(bare[:place] + bare[place + 1 :]).fault is CodeFault.LENGTH
    assert fault_of(bare[:place] + character + bare[place:]).fault is CodeFault.LENGTH


@settings(max_examples=50)
@given(ACCOUNTS, REFERENCES, st.integers(0, 60), st.sampled_from(ALPHABET))
def test_a_missing_or_surplus_character_of_a_name_s_code_is_noticed(account, reference, place, character):
    bare = name_code(account + reference).replace("-", "")

    assert not readable(bare[:place] + bare[place + 1 :]) or place >= len(bare)
    assert not readable(bare[:place] + character + bare[place:])


@pytest.mark.parametrize(
    "typed",
    [
        BUKHARA_CODE.upper(),
        BUKHARA_CODE.replace("-", ""),
        BUKHARA_CODE.replace("-", " "),
        BUKHARA_CODE.replace("-", " - "),
        BUKHARA_CODE.replace("-", "\u2013"),
        BUKHARA_CODE.replace("-", "\u00a0"),
        f"  {BUKHARA_CODE}\r\n",
        BUKHARA_CODE.replace("0", "o"),
        BUKHARA_CODE.replace("0", "O").replace("1", "I"),
        BUKHARA_CODE.replace("1", "l"),
        BUKHARA_CODE.replace("1", "L").title(),
    ],
)
def test_what_people_do_to_a_code_makes_no_difference(typed):
    assert read_account(typed) == BUKHARA


def test_a_character_of_no_code_is_shown_with_its_place():
    fault = fault_of(BUKHARA_CODE[:8] + "u" + BUKHARA_CODE[9:])

    assert (fault.fault, fault.where) == (CodeFault.CHARACTER, 8)
    assert str(fault) == "'u', character 4 of group 2, stands in no code. Look at that place again."
    assert locate(BUKHARA_CODE[:8] + "u" + BUKHARA_CODE[9:]) == 8
    assert locate(BUKHARA_CODE[:8] + "uu" + BUKHARA_CODE[10:]) is None


def test_a_wrong_character_is_named_with_its_group():
    fault = fault_of(BUKHARA_CODE[:12] + "x" + BUKHARA_CODE[13:])

    assert (
        str(fault)
        == "An account code with a wrong character, most likely 'x', character 3 of group 3. Compare that place."
    )


def test_two_wrong_characters_are_said_to_be_several():
    fault = fault_of(BUKHARA_CODE[:12] + "xx" + BUKHARA_CODE[14:])

    assert (fault.fault, fault.where) == (CodeFault.CHECK, None)
    assert "several wrong characters" in str(fault)


def test_a_code_of_another_kind_is_called_so():
    assert fault_of(name_code(INVOICE)).fault is CodeFault.OTHER_KIND
    assert "begins with acct-" in str(fault_of(account_code(BUKHARA), read_name))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Some are missing"),
        ("acct", "Some are missing"),
        (BUKHARA_CODE[:-1], "Some are missing"),
        (BUKHARA_CODE * 2, "Some are too many"),
        ("a" * 10_000, "Give the code alone"),
    ],
)
def test_a_text_of_another_length_is_refused(typed, words):
    fault = fault_of(typed)

    assert fault.fault is CodeFault.LENGTH
    assert words in str(fault)


def test_a_name_s_code_of_a_length_between_is_refused():
    bare = name_code(INVOICE).replace("-", "")
    lengths = {len(name_code(BUKHARA + b"x" * size).replace("-", "")) for size in range(1, 17)}

    between = fault_of(bare[:45], read_name)

    assert 45 not in lengths
    assert between.fault is CodeFault.LENGTH
    assert "One is missing or too many" in str(between)


@pytest.mark.parametrize("read", [read_account, read_name])
@given(text=st.text(max_size=100))
def test_a_text_that_is_no_code_is_refused_with_a_reason_and_a_place_in_it(read, text):
    fault = fault_of(text, read)

    assert str(fault).endswith(".")
    assert fault.where is None or 0 <= fault.where < len(text)


def sealed(kind, data):
    """Write values with a right check, whatever they mean."""
    symbols = [codes._VALUE[letter] for letter in kind] + data
    check = codes._register([*symbols, *[0] * 6]) ^ codes._REMAINDER
    return codes._in_groups(symbols + [check >> 5 * back & 31 for back in reversed(range(6))])


def test_a_right_check_over_a_name_that_cannot_be_is_refused():
    with_a_space = sealed("name", codes._regroup(BUKHARA + b"a b", 8, 5))
    with_bits_left_over = sealed("name", [*codes._regroup(BUKHARA + b"1", 8, 5)[:-1], 31])

    assert fault_of(with_a_space, read_name).fault is CodeFault.CONTENT
    assert fault_of(with_bits_left_over, read_name).fault is CodeFault.CONTENT


@pytest.mark.parametrize("content", [b"", BUKHARA[:19], BUKHARA + b"1"])
def test_bytes_that_are_no_account_get_no_account_code(content):
    with pytest.raises(ValueError, match="account code"):
        account_code(content)


@pytest.mark.parametrize("content", [b"", BUKHARA, BUKHARA + b"a" * 17, BUKHARA + b"a b", BUKHARA + "ж".encode()])
def test_bytes_that_are_no_name_get_no_name_code(content):
    with pytest.raises(ValueError, match="name code"):
        name_code(content)
