"""The examples of Amazon's "Signature Calculations for the Authorization Header", and what a signature may not show."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from castcore_s3.signature import Keys, query_string, signed

KEYS = Keys("AKIAIOSFODNN7EXAMPLE", SecretStr("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"))
MOMENT = datetime(2013, 5, 24, tzinfo=UTC)
HOST = {"host": "examplebucket.s3.amazonaws.com"}


@pytest.mark.parametrize(
    ("path", "query", "headers", "signature"),
    [
        ("/test.txt", [], {"range": "bytes=0-9"}, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        ("/", [("lifecycle", "")], {}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            "/",
            [("prefix", "J"), ("max-keys", "2")],
            {},
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_amazons_examples(path: str, query: list[tuple[str, str]], headers: dict[str, str], signature: str) -> None:
    found = signed(KEYS, "us-east-1", "GET", path, query_string(query), {**HOST, **headers}, MOMENT)
    assert found["authorization"].endswith(f"Signature={signature}")


def test_a_token_is_signed_and_no_secret_is_sent() -> None:
    keys = Keys("id", SecretStr("secret-canary"), SecretStr("token-canary"))
    found = signed(keys, "auto", "GET", "/", "", HOST, MOMENT)
    assert found["x-amz-security-token"] == "token-canary"
    assert "x-amz-security-token" in found["authorization"]
    assert not any("secret-canary" in value for value in found.values())
    assert "canary" not in repr(keys)


def test_queries_are_sorted_and_encoded() -> None:
    assert query_string([("prefix", "a b/+%ü"), ("delimiter", "/")]) == "delimiter=%2F&prefix=a%20b%2F%2B%25%C3%BC"
