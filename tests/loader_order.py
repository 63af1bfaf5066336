"""The order in which verl's own loader visits the questions."""


def indices(questions: int, fetch: int, steps: int, train: int) -> list[int]:
    """The questions of a run's batches, fetched as verl's PPOTrainer._fetch_one_gen_batch does."""
    import torch
    from torchdata.stateful_dataloader import StatefulDataLoader
    from torchdata.stateful_dataloader.sampler import RandomSampler

    sampler = RandomSampler(range(questions), generator=torch.Generator().manual_seed(0))
    loader = StatefulDataLoader(
        list(range(questions)), batch_size=fetch, drop_last=True, sampler=sampler, collate_fn=list
    )
    iterator, found = iter(loader), []
    for _ in range(steps * train // fetch):
        try:
            found += next(iterator)
        except StopIteration:
            iterator = iter(loader)
            found += next(iterator)
    return found
