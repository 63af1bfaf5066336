from ttrl_verl.record.manifest import changes, hide_in_command, hide_secrets, is_secret, jsonable


def test_secrets_are_known_by_their_keys():
    for key in (
        "hf_token",
        "HF_TOKEN",
        "WANDB_API_KEY",
        "apiKey",
        "password",
        "aws_secret_access_key",
        "token",
        "my-token",
    ):
        assert is_secret(key), key
    for key in (
        "tokenizer_path",
        "max_num_batched_tokens",
        "max_tokens",
        "prompt_key",
        "label_key",
        "keys",
        "secretary",
    ):
        assert not is_secret(key), key


def test_what_stands_below_a_secret_is_hidden_and_numbers_are_not():
    config = {"credentials": {"user": "u", "parts": ["a", "b"]}, "token": 3, "password": None, "n": "http://u:p@h/x"}
    hidden = {
        "credentials": {"user": "***", "parts": ["***", "***"]},
        "token": 3,
        "password": None,
        "n": "http://***@h/x",
    }
    assert hide_secrets(config) == hidden


def test_secrets_in_a_command_are_hidden():
    command = "ttrl-verl train ttrl '+ray_kwargs.ray_init.runtime_env={env_vars:{HF_TOKEN:hf_x,A:b}}' trainer.nnodes=2"
    assert hide_in_command(command) == command.replace("hf_x", "***")
    assert hide_in_command("x '+a.api_key=two words' data.prompt_key=q") == "x '+a.api_key=***' data.prompt_key=q"
    assert hide_in_command("x '+a={token: \"a,b\", c: 1}' 'd=it'\"'\"'s'") == "x '+a={token: ***, c: 1}' 'd=it'\"'\"'s'"


def test_keys_that_come_and_go_are_changes():
    assert changes({"a": 1, "b": {"c": 2}}, {"b": {"c": 2, "d": 3}}) == {"a": [1, None], "b.d": [None, 3]}


def test_what_a_recipe_reads_of_a_secret_variable_is_hidden_under_any_key(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_0123456789")
    monkeypatch.setenv("DB_PASSWORD", "short")
    config = {"trainer": {"experiment_name": "of hf_0123456789, short", "logger": ["hf_0123456789"]}, "votes": 64}
    hidden = {"trainer": {"experiment_name": "of ***, short", "logger": ["***"]}, "votes": 64}
    assert jsonable(config) == hidden


def test_the_shells_folder_and_a_secrets_file_are_no_secrets(monkeypatch, tmp_path):
    """A run that was started from a shell, in the folder of its questions, holds their paths as they are."""
    for name in ("PWD", "OLDPWD", "AUTH_TOKEN_PATH"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("OLDPWD", "/a/folder/that/is/gone")
    config = {"data": {"train_files": [f"{tmp_path}/q.jsonl", "/a/folder/that/is/gone/q.jsonl"]}}
    assert jsonable(config) == config


def test_a_password_that_a_file_is_called_by_is_hidden(monkeypatch, tmp_path):
    (tmp_path / "questions").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DB_PASSWORD", "questions")
    assert jsonable({"name": "questions"}) == {"name": "***"}
