"""Responses put into TransferQueue as verl's agent loops put them in, and the group stage that takes them out."""

import itertools

from ttrl_verl.composition.recipe import compose_recipe

_numbers = itertools.count()


def remember(labels=None, questions=None, types=None):
    """Let the driver remember a training set, as the data set does: labels, questions and types by the row's index."""
    import pyarrow as pa

    from ttrl_verl.training.driver_store import remember as remember_table

    places = range(max([*(labels or {}), *(questions or {}), *(types or {})], default=-1) + 1)
    columns = {
        "prompt": [(questions or {}).get(place, []) for place in places],
        "data_source": ["q" if place in (questions or {}) else None for place in places],
        "label": pa.array([(labels or {}).get(place) for place in places], pa.string()),
        "answer_type": pa.array([(types or {}).get(place) for place in places], pa.string()),
    }
    remember_table(pa.table(columns))


def recipe(
    reward="majority_vote",
    run=None,
    resume="disable",
    files="null",
    bypass="true",
    filter_groups="false",
    generations=0,
    batch=4,
    **ttrl,
):
    ttrl = {"min_votes": 1} | ttrl  # most tests put in fewer responses than the recipe asks for
    overrides = [f"ttrl.{key}={value}" for key, value in ttrl.items()]
    names = ["ttrl.answer_type=number", f"reward.reward_manager.name={reward}", "actor_rollout_ref.rollout.n=2"]
    names += [
        f"algorithm.filter_groups.enable={filter_groups}",
        f"algorithm.filter_groups.max_num_gen_batches={generations}",
        f"data.train_batch_size={batch}",
    ]
    folder = f"trainer.default_local_dir={run or f'run-{next(_numbers)}'}"
    names.append(f"algorithm.rollout_correction.bypass_mode={bypass}")
    return compose_recipe(
        "demo_cpu", [*names, folder, f"trainer.resume_mode={resume}", f"data.train_files={files}", *overrides]
    )


def stage(trainer_mode="sync", **settings):
    """The stage as verl builds it, from a recipe."""
    from ttrl_verl.training.group_stage import build_group_stage

    refill = settings.pop("refill", None)
    config = recipe(**settings)
    sampler = config.trainer.v1.sampler
    return build_group_stage(
        trainer_mode=trainer_mode,
        trainer_config=config.trainer.v1.get(trainer_mode, {}),
        max_off_policy_threshold=sampler.max_off_policy_threshold,
        max_off_policy_strategy=sampler.max_off_policy_strategy,
        sampler_kwargs=sampler.sampler_kwargs,
        refill_fn=refill,
    )


def put(
    tq,
    uid,
    answers,
    *,
    index=0,
    status="finished",
    order=None,
    label=None,
    partition="train",
    lengths=None,
    extras=None,
    log_probs=None,
    earlier=None,
    step=1,
    only_votes=(),
    cut=0,
):
    """Put a group's responses in finishing order, and then its prompt's status. ``...`` is a response that failed.

    By session: ``extras`` is what else the reward worker said of a response; ``log_probs`` are those of its tokens, as
    many as it has; ``earlier`` the answers of the outputs before its last, which is graded; ``only_votes`` are those
    that left no token. ``cut`` votes were not waited for.
    """
    import torch
    from verl.utils.tensordict_utils import list_of_dict_to_tensordict

    # What our agent-loop worker notes, too.
    tq.kv_batch_put(keys=[uid], partition_id=partition, tags=[_prompt_tag("running", step) | {"index": index}])
    extra = {"truncated": 0.0, "limited": 1.0}
    for session in order or range(len(answers)):
        if answers[session] is ...:
            continue
        length = lengths[session] if lengths else 3
        said = extra | {"answer": answers[session], "length": length} | (extras or {}).get(session, {})
        row = {
            "responses": torch.arange(length),
            "rm_scores": torch.zeros(length),  # a reward worker leaves a training row at 0.0
            "extra_fields": {"reward_extra_info": said},
            "reward_model": {"style": "rule", "ground_truth": label},
            "extra_info": {"index": index, "origin": f"q.jsonl:{index + 1}"},
        }
        if session in only_votes:
            row = {name: row[name] for name in ("extra_fields", "reward_model", "extra_info")}
            if log_probs:
                said["log_prob"] = sum(log_probs[session]) / length
        elif log_probs:
            row["rollout_log_probs"] = torch.tensor(log_probs[session])
        tag = {"status": "success", "prompt_len": 2, "response_len": length, "global_steps": step}
        tag |= {"only_votes": True} if session in only_votes else {}
        before = [
            row | {"extra_fields": {"reward_extra_info": said | {"answer": answer}}}
            for answer in (earlier or {}).get(session, [])
        ]
        keys = [f"{uid}_{session}_{output}" for output in range(len(before) + 1)]
        fields = list_of_dict_to_tensordict([*before, row])
        tq.kv_batch_put(keys=keys, fields=fields, tags=[tag] * len(keys), partition_id=partition)
    noted = {"cut": cut, "tokens_saved": 10 * cut} if cut else {}
    tq.kv_batch_put(keys=[uid], partition_id=partition, tags=[_prompt_tag(status, step) | noted])


def _prompt_tag(status, step):
    return {"is_prompt": True, "status": status, "global_steps": step}


def scores(tq, batch):
    data = tq.kv_batch_get(keys=batch.keys, partition_id="train", select_fields=["rm_scores"])
    return {key: row.tolist() for key, row in zip(batch.keys, data["rm_scores"].unbind(), strict=True)}


def left(tq):
    return sorted(tq.kv_list().get("train", {}))
