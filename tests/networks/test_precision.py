"""Networks in bfloat16: same weights, same state-dict keys, nearly the same results."""

from __future__ import annotations

import copy
import io

import pytest
import torch
from torch import distributed, nn

from custom.networks import UNet, in_bfloat16

IMAGES = torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(0))


def network() -> UNet:
    torch.manual_seed(0)
    return UNet(1, 2, features=(4, 8, 16))


@pytest.mark.parametrize("mode", [True, False], ids=["training", "evaluation"])
def test_result_is_float32_and_near(mode: bool) -> None:
    plain, half = network().train(mode), in_bfloat16(network(), True).train(mode)
    expected, result = plain(IMAGES), half(IMAGES)
    assert result.dtype == torch.float32
    assert 0 < (result - expected).abs().max() < 0.05 * (expected.max() - expected.min())


def test_computes_in_bfloat16() -> None:
    model, seen = in_bfloat16(network(), True), []
    model.final.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    model(IMAGES)
    assert seen == [torch.bfloat16]


def test_is_the_same_object_with_the_same_state() -> None:
    model = network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert in_bfloat16(model, True) is model
    after = model.state_dict()
    assert list(after) == list(before)
    assert all(after[name].dtype == before[name].dtype and after[name].equal(before[name]) for name in before)
    network().load_state_dict(after)


def test_disabled_leaves_it_alone() -> None:
    model = network()
    before = dict(vars(model))
    assert in_bfloat16(model, False) is model
    assert vars(model) == before


def step(model: nn.Module) -> torch.Tensor:
    """Train one step, and return the gradients of all parameters as one vector."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    nn.functional.cross_entropy(model(IMAGES), (IMAGES[:, 0] > 0.5).long()).backward()
    gradients = [parameter.grad for parameter in model.parameters()]
    assert {gradient.dtype for gradient in gradients} == {torch.float32}
    optimizer.step()
    return torch.cat([gradient.flatten() for gradient in gradients])


def test_training_step() -> None:
    plain, half = network(), in_bfloat16(network(), True)
    expected, result = step(plain), step(half)
    assert nn.functional.cosine_similarity(result, expected, dim=0) > 0.98
    for name, value in half.state_dict().items():
        assert value.dtype == plain.state_dict()[name].dtype
    statistics = "initial.conv_0.adn.N.running_var"
    torch.testing.assert_close(half.state_dict()[statistics], plain.state_dict()[statistics], rtol=0.01, atol=0)


@torch.no_grad()
def test_copies_are_independent() -> None:
    model = in_bfloat16(network(), True).eval()
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    for other in (copy.deepcopy(model), torch.load(file, weights_only=False)):
        assert torch.equal(other(IMAGES), model(IMAGES))
        other.final.weight.zero_()
        assert not torch.equal(other(IMAGES), model(IMAGES))


def test_works_in_distributed_training() -> None:
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    try:
        result = step(nn.parallel.DistributedDataParallel(in_bfloat16(network(), True)))
    finally:
        distributed.destroy_process_group()
    assert torch.equal(result, step(in_bfloat16(network(), True)))
