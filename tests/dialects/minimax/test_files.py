"""Files on the wire, letter by letter."""

import pytest

from rhapsode.core.errors import InvalidField
from rhapsode.dialects.minimax.files import (
    UPLOADS,
    FileInfo,
    read_delete,
    read_file_id,
    read_purpose,
    read_upload,
    write_deleted,
    write_error,
    write_file,
    write_list,
)

FILE = FileInfo(file_id=123456789012345, size=7, created_at=1700000000, filename="书.txt", purpose="retrieval")
WIRE = '{"file_id":123456789012345,"bytes":7,"created_at":1700000000,"filename":"书.txt","purpose":"retrieval"'
OK = '"base_resp":{"status_code":0,"status_msg":"success"}}'


def test_whole_answers() -> None:
    assert write_file(FILE).decode() == f'{{"file":{WIRE}}},{OK}'
    linked = f'{{"file":{WIRE},"download_url":"http://host/x"}},{OK}'
    assert write_file(FILE, download_url="http://host/x").decode() == linked
    assert write_list([FILE, FILE]).decode() == f'{{"files":[{WIRE}}},{WIRE}}}],{OK}'
    assert write_list([]).decode() == f'{{"files":[],{OK}'
    assert write_deleted(FILE.file_id).decode() == f'{{"file_id":123456789012345,{OK}'
    told = '{"base_resp":{"status_code":2013,"status_msg":"invalid params, file_id: there is no file 1"}}'
    assert write_error(InvalidField("file_id", "there is no file 1")).decode() == told


@pytest.mark.parametrize(("purpose", "ending"), [(name, ending) for name, kinds in UPLOADS.items() for ending in kinds])
def test_every_purpose_takes_its_own_kinds_in_any_case(purpose: str, ending: str) -> None:
    assert read_upload({"purpose": purpose}, f"a.{ending}") == purpose
    assert read_upload({"purpose": purpose}, f"A.{ending.upper()}") == purpose
    for name in (f"a.{ending}.exe", ending, "a", "", f".{ending}"):
        with pytest.raises(InvalidField, match="file: for the purpose"):
            read_upload({"purpose": purpose}, name)
    with pytest.raises(InvalidField, match="file: is required"):
        read_upload({"purpose": purpose}, None)


def test_results_cannot_be_uploaded_and_can_be_listed() -> None:
    for purpose in ("fine-tune-result", "t2a"):
        assert read_purpose({"purpose": purpose}) == purpose
        with pytest.raises(InvalidField, match="purpose: unknown purpose"):
            read_upload({"purpose": purpose}, "a.txt")


@pytest.mark.parametrize("text", ["", " 1", "-1", "1.0", "x", "１", "9" * 20])
def test_an_id_is_digits(text: str) -> None:
    assert read_file_id({"file_id": "0012"}) == 12
    with pytest.raises(InvalidField, match="file_id: "):
        read_file_id({"file_id": text})


def test_what_is_deleted_is_named_by_a_number_or_its_digits() -> None:
    assert read_delete(b'{"file_id":12}') == (12, None)
    assert read_delete(b'{"file_id":"12","purpose":"retrieval"}') == (12, "retrieval")
    assert read_delete(b'{"file_id":12,"purpose":""}') == (12, None)
    for body in (b'{"file_id":0}', b'{"file_id":"x"}', b'{"file_id":1.5}', b'{"file_id":null}', b"{}"):
        with pytest.raises(InvalidField, match="file_id"):
            read_delete(body)
