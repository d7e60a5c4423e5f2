"""A key is replaced, changed, or brought along from the platform."""

import base64
import json
from dataclasses import replace

import pytest
from sqlalchemy import insert

from rhapsode.accounts.jwt import read_jwt
from rhapsode.accounts.keys import Accounts
from rhapsode.accounts.known import month_of
from rhapsode.accounts.limits import Holder, LimitRules
from rhapsode.accounts.terms import KeyTerms, check_terms
from rhapsode.accounts.users import Users
from rhapsode.core.errors import DuplicateAccount, ExpiredKey, InvalidField, UnknownAccount, UnknownKey, WrongGroup
from rhapsode.database.connect import Database
from rhapsode.database.tables import spending
from tests.accounts.conftest import SECRET, Clock

START = 1_800_000_000
LATER = START + 1000


@pytest.fixture
def calendar() -> Clock:
    return Clock(now=float(START))


@pytest.fixture
def accounts(database: Database, clock: Clock, calendar: Clock) -> Accounts:
    return Accounts(database, SECRET, clock=clock, now=calendar)


def jwt(claims: object, *, head: object = None, signature: str = "c2lnbmF0dXJl") -> str:
    parts = [{"alg": "RS256", "typ": "JWT"} if head is None else head, claims]
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*coded, signature])


PLATFORM_JWT = jwt({"GroupName": "演示", "GroupID": "1700000000000000001", "TokenType": 1, "iss": "minimax"})


async def test_a_new_key_takes_the_place_of_an_old_one(accounts: Accounts, database: Database, clock: Clock) -> None:
    accounts.create_key("studio")
    user = Users(database).create("studio", "Li")
    terms = KeyTerms(name="phone", user="Li", expires_at=LATER, models=("m",), addresses=("10.0.0.0/8",))
    old = accounts.create_key("studio", terms)
    LimitRules(database).set(Holder(key_id=old.key_id), "m", {"parallel": 2, "spend_per_month": 9})
    row = {"scope": "key", "scope_id": old.key_id, "model": "m", "month": month_of(START), "cost": 8}
    database.transact(lambda connection: connection.execute(insert(spending).values(row)))
    before = await accounts.authorise(old.api_key, None, "10.0.0.1")
    new = accounts.rotate_key(old.key_id)
    after = await accounts.authorise(new.api_key, None, "10.0.0.1")
    (rule,) = before.limits
    assert rule.spent == 8
    assert after == replace(before, key_id=new.key_id, limits=(replace(rule, scope_id=new.key_id),))
    assert after.user_id == user.user_id
    kept = accounts.show_key(new.key_id)
    assert (kept.name, kept.user_name, kept.expires_at, kept.addresses) == ("phone", "Li", LATER, ("10.0.0.0/8",))
    clock.now += 0.5
    with pytest.raises(UnknownKey):
        await accounts.authorise(old.api_key, None, "10.0.0.1")


async def test_the_old_key_lives_on_for_a_while(accounts: Accounts, clock: Clock, calendar: Clock) -> None:
    old = accounts.create_key("studio")
    new = accounts.rotate_key(old.key_id, grace=60)
    clock.now += 0.5
    calendar.now += 59
    await accounts.authorise(old.api_key, None)
    calendar.now += 1
    with pytest.raises(ExpiredKey):
        await accounts.authorise(old.api_key, None)
    await accounts.authorise(new.api_key, None)


def test_grace_is_no_longer_than_the_key_was_good_for(accounts: Accounts, calendar: Clock) -> None:
    old = accounts.create_key("studio", KeyTerms(expires_at=LATER))
    calendar.now = LATER - 10
    accounts.rotate_key(old.key_id, grace=60, expires_at=LATER + 1000)
    assert accounts.show_key(old.key_id).expires_at == LATER


def test_what_cannot_be_replaced(accounts: Accounts, calendar: Clock) -> None:
    old = accounts.create_key("studio", KeyTerms(expires_at=LATER))
    for grace in (-1, 31 * 24 * 3600):
        with pytest.raises(InvalidField, match=r"^grace: must be 0 to 2592000 seconds"):
            accounts.rotate_key(old.key_id, grace=grace)
    calendar.now = LATER
    with pytest.raises(InvalidField, match=r"^expires_at: the key has expired"):
        accounts.rotate_key(old.key_id)
    new = accounts.rotate_key(old.key_id, expires_at=LATER + 1)
    accounts.revoke_key(new.key_id)
    with pytest.raises(InvalidField, match=r"^key_id: the key is revoked"):
        accounts.rotate_key(new.key_id, expires_at=LATER + 1)
    with pytest.raises(UnknownAccount):
        accounts.rotate_key("key-0")


async def test_a_key_is_changed_and_stays_itself(
    accounts: Accounts, database: Database, clock: Clock, calendar: Clock
) -> None:
    new = accounts.create_key("studio", KeyTerms(name="a", expires_at=LATER, models=("m",)))
    Users(database).create("studio", "Li")
    await accounts.authorise(new.api_key, None)
    calendar.now = LATER + 1
    record = accounts.change_key(new.key_id, lambda terms: replace(terms, name="b", user="Li", models=None))
    assert (record.name, record.user_name, record.models, record.expires_at) == ("b", "Li", None, LATER)
    with pytest.raises(InvalidField, match="expires_at"):
        accounts.change_key(new.key_id, lambda terms: replace(terms, expires_at=LATER - 1))
    accounts.change_key(new.key_id, lambda terms: replace(terms, expires_at=None, models=("n",)))
    clock.now += 0.5
    assert (await accounts.authorise(new.api_key, None)).models == {"n"}
    accounts.revoke_key(new.key_id)
    with pytest.raises(InvalidField, match="revoked"):
        accounts.change_key(new.key_id, lambda terms: terms)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (KeyTerms(name=" a"), "name: must have 1 to 64 printable characters"),
        (KeyTerms(name="x" * 65), "name: must have 1 to 64 printable characters"),
        (KeyTerms(expires_at=START), "expires_at: must lie in the future"),
        (KeyTerms(expires_at=10**15), "expires_at: must lie in the future"),
        (KeyTerms(models=()), "models: must name 1 to 100 models"),
        (KeyTerms(models=("a", "")), "models[1]: must be a model's name"),
        (KeyTerms(addresses=()), "addresses: must name 1 to 100 addresses"),
        (KeyTerms(addresses=("10.0.0.1", "10.0.0.1/8")), "addresses[1]: must be an IP address or a network"),
        (KeyTerms(addresses=("localhost",)), "addresses[0]: must be an IP address or a network"),
    ],
)
def test_terms_that_are_none(terms: KeyTerms, message: str) -> None:
    with pytest.raises(InvalidField) as caught:
        check_terms(terms, now=START)
    assert caught.value.message.startswith(message)


def test_a_key_with_wrong_terms_is_not_made(accounts: Accounts) -> None:
    for terms in (KeyTerms(name=" a"), KeyTerms(user="nobody")):
        with pytest.raises(InvalidField):
            accounts.create_key("studio", terms)
    assert accounts.list_keys() == []


def test_a_user_of_another_group_has_no_key_here(accounts: Accounts, database: Database) -> None:
    accounts.create_key("other")
    user = Users(database).create("other", "Li")
    with pytest.raises(UnknownAccount):
        accounts.create_key("studio", KeyTerms(user=user.user_id))


async def test_an_imported_jwt_opens_as_it_is_and_for_its_own_group_id(accounts: Accounts) -> None:
    record = accounts.import_jwt("演示", PLATFORM_JWT, KeyTerms(name="old"))
    assert (record.group_id, record.name, record.hint) == ("1700000000000000001", "old", "dXJl")
    for group_id in (None, "1700000000000000001"):
        assert (await accounts.authorise(PLATFORM_JWT, group_id)).key_id == record.key_id
    with pytest.raises(WrongGroup):
        await accounts.authorise(PLATFORM_JWT, "1700000000000000002")
    with pytest.raises(UnknownKey):
        await accounts.authorise(PLATFORM_JWT[:-1] + "X", None)
    with pytest.raises(DuplicateAccount, match=r"^jwt: this key was imported already"):
        accounts.import_jwt("演示", PLATFORM_JWT)
    accounts.revoke_key(record.key_id)
    with pytest.raises(DuplicateAccount):
        accounts.import_jwt("演示", PLATFORM_JWT)


def test_a_jwt_that_names_no_group_gets_a_new_one(accounts: Accounts) -> None:
    assert len(accounts.import_jwt("studio", jwt({})).group_id) == 19
    for claims in ({"GroupID": ""}, {"GroupID": "a b"}, {"GroupID": None}, {"GroupID": "1" * 20}):
        assert read_jwt(jwt(claims)) is None


def test_a_jwt_can_join_a_group_that_there_is(accounts: Accounts) -> None:
    new = accounts.create_key("studio")
    assert accounts.import_jwt("studio", PLATFORM_JWT).group_id == new.group_id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sk-rh-" + "A" * 43,
        "eyJ",
        "eyJhbGciOi",
        PLATFORM_JWT.rpartition(".")[0],
        PLATFORM_JWT + ".x",
        PLATFORM_JWT + "\n",
        PLATFORM_JWT.replace("eyJ", "键", 1),
        "eyJhbGciOiJSUzI1NiJ9.!!!!.c2ln",
        "eyJhbGciOiJSUzI1NiJ9.bm90IEpTT04.c2ln",
        "eyJhbGciOiJSUzI1NiJ9.a.c2ln",
        jwt([1]),
        jwt({}, head={"typ": "JWT"}),
        jwt({}, signature="A" * 9000),
    ],
)
def test_what_is_no_jwt(text: str) -> None:
    with pytest.raises(InvalidField, match=r"^jwt: must be a JWT") as caught:
        read_jwt(text)
    assert len(text) < 4 or text not in caught.value.message


def test_an_imported_jwt_is_not_in_the_database(accounts: Accounts, database: Database) -> None:
    accounts.import_jwt("studio", PLATFORM_JWT)
    rows = database.transact(
        lambda connection: [
            repr(tuple(row))
            for table in ("keys", "groups", "users")
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}")  # noqa: S608 - the names above
        ],
        write=False,
    )
    assert rows
    assert not any(part in row for row in rows for part in PLATFORM_JWT.split("."))


def test_a_key_is_replaced_once(accounts: Accounts) -> None:
    old = accounts.create_key("studio")
    new = accounts.rotate_key(old.key_id, grace=60)
    with pytest.raises(InvalidField, match=f"replaced already, by {new.key_id}"):
        accounts.rotate_key(old.key_id, grace=60)
    assert accounts.show_key(new.key_id).expires_at is None
    assert accounts.rotate_key(new.key_id).key_id
