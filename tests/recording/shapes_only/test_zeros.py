"""What is run on zeros, built for real, copied, printed, or refused by name."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from records import built_and_run, same_records
from torch import Tensor, nn
from torch.nn.attention.flex_attention import create_block_mask, flex_attention
from torch.nn.utils import parametrizations

from shapeflow.errors import NeedsValues, NoShapeFormula
from shapeflow.recording import trace
from shapeflow.recording.job import BUILT_FOR_REAL
from shapeflow.recording.shapes_only.mode import ShapesOnly

LENGTHS = torch.tensor([50, 50, 40, 30])


class Function(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Any) -> Any:
        return self.function(*args)


def speech_loss(scores: Tensor) -> Tensor:
    labels = torch.ones(4, 10, dtype=torch.long)
    return F.ctc_loss(scores.log_softmax(2), labels, torch.full((4,), 50), torch.full((4,), 10))


def flat_speech_loss(scores: Tensor) -> Tensor:
    labels = torch.ones(25, dtype=torch.long)
    return nn.CTCLoss(reduction="none")(scores.log_softmax(2), labels, LENGTHS, torch.tensor([10, 5, 5, 5]))


def there_and_back(sound: Tensor) -> Tensor:
    window = torch.hann_window(16)
    spectrum = torch.stft(sound, 16, 4, window=window, return_complex=True)
    return torch.istft(spectrum, 16, 4, window=window, length=sound.shape[-1])


def with_blocks(x: Tensor) -> Any:
    blocks = create_block_mask(lambda b, h, i, j: i >= j, B=None, H=None, Q_LEN=256, KV_LEN=256, device="cpu")
    return flex_attention(x, x, x, block_mask=blocks)


FUNCTIONS = {
    "ctc loss": (speech_loss, (50, 4, 20)),
    "ctc loss, flat labels": (flat_speech_loss, (50, 4, 20)),
    "istft": (there_and_back, (2, 100)),
    "istft, long": (there_and_back, (1, 44100)),
    "least squares": (lambda x: torch.linalg.lstsq(x, x[..., :2]), (2, 6, 5)),
    "householder": (lambda x: torch.geqrf(x), (6, 5)),
    "flex attention": (lambda x: flex_attention(x, x, x), (1, 2, 128, 16)),
    "flex attention, block mask": (with_blocks, (1, 2, 256, 16)),
    "copy": (lambda x: (copy.copy(x * 2) + 1, copy.copy(torch.ones(400, 400))), (300, 300)),
    "text": (lambda x: (x, len(f"{x} {x.mean()}") > 0, repr(torch.ones(400, 400))), (300, 300)),
    "text of known ones": (lambda x: (x, f"{torch.ones(400, 400).mean():.3f}"), (3,)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_give_the_records_of_the_real_run(name: str):
    function, shape = FUNCTIONS[name]
    same_records(lambda: (Function(function), (torch.randn(shape),)))


MASKS = {
    "some": [[False] * 5, [False] * 3 + [True] * 2],
    "none": [[False] * 5] * 2,
    "a column": [[False] * 3 + [True] * 2] * 2,
    "a row": [[True] * 5, [False] * 5],
    "on the left": [[True] * 2 + [False] * 3, [False] * 5],
}


class Padded(nn.Module):
    def __init__(self, rows: list[list[bool]], **options: Any) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, **options)
        self.encoder, self.rows = nn.TransformerEncoder(layer, 2), rows

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder(x, src_key_padding_mask=torch.tensor(self.rows))


@pytest.mark.parametrize("name", MASKS)
def test_encoders_run_with_a_known_mask(name: str):
    same_records(lambda: (Padded(MASKS[name]).eval(), (torch.rand(2, 5, 8),)))


READING = {
    "quantised": lambda: torch.ao.quantization.quantize_dynamic(
        nn.Sequential(nn.Linear(8, 8), nn.ReLU()).eval(), {nn.Linear}, dtype=torch.qint8
    ),
    "orthogonal": lambda: parametrizations.orthogonal(nn.Linear(8, 8)),
    "traced": lambda: torch.jit.trace(nn.Sequential(nn.Linear(8, 8), nn.ReLU()).eval(), torch.rand(2, 8)),
    "exported": lambda: torch.export.export(nn.Linear(8, 8).eval(), (torch.rand(2, 8),)).module(),
}


@pytest.mark.parametrize("name", READING)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.slow
def test_what_reads_weights_is_built_for_real(name: str):
    same_records(lambda: (READING[name](), (torch.rand(2, 8),)))
    assert built_and_run(lambda: (READING[name](), (torch.rand(2, 8),)), "meta").run.notes == (
        BUILT_FOR_REAL,
    )


def test_a_factory_that_fails_for_real_fails_as_it_does():
    def build() -> Any:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        built_and_run(build, "meta")


def test_too_many_weights_are_not_built_for_real():
    def build() -> Any:
        model = nn.Linear(2**15, 2**14)
        assert model.weight.sum().item() > 0
        return model, ()

    with pytest.raises(NeedsValues):
        built_and_run(build, "meta")


def test_running_averages_without_a_momentum_count_batches():
    def build() -> Any:
        return nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4, momentum=None)).train(), (torch.rand(8, 4),)

    same_records(build)
    model, args = build()
    trace(model, *args, device="meta")
    assert model[1].num_batches_tracked == 0


@torch.library.custom_op("shapeflow_tests::halve", mutates_args=())
def halve(x: Tensor) -> Tensor:
    return x[:, ::2].clone()


def test_an_operator_without_formula_is_named():
    with ShapesOnly(), pytest.raises(NoShapeFormula) as error:
        halve(torch.rand(3, 4))
    assert "'halve'" in error.value.what
    assert "--device cpu" in error.value.hint


def test_an_operator_without_formula_runs_where_all_is_known():
    with ShapesOnly():
        assert halve(torch.ones(3, 4)).sum().item() == 6


def test_symbolic_tensors_print_without_numbers_and_are_not_pickled():
    with ShapesOnly():
        x = torch.rand(3, 4)
        assert repr(x) == "tensor(..., size=(3, 4))"
        assert f"{x.mean():.3f}" == "?"
        for write in (pickle.dumps, lambda tensor: torch.save(tensor, io.BytesIO())):
            with pytest.raises(NeedsValues):
                write(x)
        assert torch.equal(pickle.loads(pickle.dumps(torch.ones(400, 400))), torch.ones(400, 400))


def test_what_was_lacking_is_the_reason_also_where_the_model_says_another():
    def model(x: Tensor) -> Tensor:
        try:
            return x * x.sum().item()
        except Exception as error:
            raise RuntimeError("went wrong") from error

    class Model(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return model(torch.rand_like(x))

    with pytest.raises(RuntimeError) as error:
        trace(Model(), torch.rand(3), device="meta")
    assert error.value.shapeflow_trace.run.failure.type == "NeedsValues"


def test_an_error_of_the_models_own_stays_its_own():
    class Mine(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            raise RuntimeError("my meta tensor on a device")

    with pytest.raises(RuntimeError, match="my meta tensor"):
        trace(Function(lambda x: Mine.apply(x)), torch.rand(3), device="meta")
