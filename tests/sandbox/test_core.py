"""The life of a sandbox, run as a user runs it."""


def test_two_accounts_do_not_see_each_other(sandbox):
    sandbox.client("dynamodb", "dev").create_table(
        TableName="mine",
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert sandbox.client("sts", "prod").get_caller_identity()["Account"] == "222222222222"
    assert "mine" in sandbox.client("dynamodb", "dev").list_tables()["TableNames"]
    assert "mine" not in sandbox.client("dynamodb", "prod").list_tables()["TableNames"]
