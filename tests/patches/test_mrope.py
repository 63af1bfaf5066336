"""The patch of verl's position ids: what is wrong without it, and what is right with it."""

import pytest

pytestmark = pytest.mark.verl


@pytest.fixture
def position_ids():
    """Build the nested tensor as TransferQueue does; the ids of row b are 100 b + 10 kind + place."""
    import torch
    from tensordict import TensorDict

    def build(*lengths):
        rows = [
            torch.tensor([[100 * b + 10 * kind + place for place in range(length)] for kind in range(4)])
            for b, length in enumerate(lengths)
        ]
        nested = torch.nested.as_nested_tensor(rows, layout=torch.jagged)
        return rows, TensorDict({"position_ids": nested}, batch_size=len(lengths))

    return build


def fixed(data):
    from verl.utils.tensordict_utils import maybe_fix_3d_position_ids

    maybe_fix_3d_position_ids(data)
    return [ids.tolist() for ids in data["position_ids"].unbind()]


@pytest.mark.parametrize("lengths", [(3, 3), (3, 3, 3, 3), (1, 1), (4, 4), (3,), (4,), (3, 5), (5, 3, 4)])
def test_each_row_keeps_its_ids(lengths, position_ids):
    rows, data = position_ids(*lengths)
    expected = [row.tolist() for row in rows]
    assert fixed(data) == expected
    assert fixed(data) == expected  # verl fixes a batch, and then its parts


def test_other_data_is_left_alone():
    import torch
    from tensordict import TensorDict
    from verl.utils.tensordict_utils import maybe_fix_3d_position_ids

    flat = torch.nested.as_nested_tensor([torch.arange(3), torch.arange(3)], layout=torch.jagged)
    for data in (TensorDict({"position_ids": flat}, batch_size=2), TensorDict({"x": torch.ones(2)}, batch_size=2)):
        maybe_fix_3d_position_ids(data)
        assert sorted(data.keys()) in (["position_ids"], ["x"])


def test_verl_still_needs_it(position_ids):
    # Should this fail, verl does it right by itself: remove ttrl_verl/patches/mrope.py.
    from verl.utils.tensordict_utils import maybe_fix_3d_position_ids

    rows, data = position_ids(3, 3)
    maybe_fix_3d_position_ids.__wrapped__(data)
    try:
        kept = [ids.tolist() for ids in data["position_ids"].unbind()]
    except RuntimeError:
        kept = None
    assert kept != [row.tolist() for row in rows]


def test_its_callers_have_it():
    from verl.utils import tensordict_utils
    from verl.workers.engine import base

    assert base.maybe_fix_3d_position_ids is tensordict_utils.maybe_fix_3d_position_ids
    assert hasattr(base.maybe_fix_3d_position_ids, "__wrapped__")
