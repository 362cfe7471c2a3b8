"""What a user gives a model by name, put where the model takes it, and how it is told."""

from __future__ import annotations

import dataclasses
from collections import namedtuple

import numpy
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from shapeflow.adapters.forward import prepared
from shapeflow.adapters.given import tensors
from shapeflow.adapters.given.callee import callee_of
from shapeflow.adapters.given.examples import examples
from shapeflow.adapters.given.texts import DTYPES, parse_given
from shapeflow.adapters.request import Request
from shapeflow.common.shared import Changes
from shapeflow.errors import InputError
from shapeflow.recording.notation import notation, short_dtype
from shapeflow.recording.shapes_only.mode import ShapesOnly


class Echo(nn.Module):
    """Gives back what it is given."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 2)

    def forward(self, x, mask=None, scale=1.0, *, shift=0.0):
        return {"x": x, "mask": mask, "scale": scale, "shift": shift}

    def encode(self, x):
        return "encoded", x


class Nested(Echo):
    def forward(self, batch):
        return batch


class Any(Echo):
    def forward(self, *xs, **named):
        return xs, named


class Tokens(Echo):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(50, 4)

    def forward(self, input_ids, attention_mask=None, mode="fast"):
        return input_ids, attention_mask, mode


class Positional(Echo):
    def forward(self, a, b, /):
        return a, b


class Pair(Echo):
    def forward(self, left, right):
        return left, right


class Pictures(Echo):
    image_size = None

    def forward(self, pixels):
        return pixels


def run(model, *texts, args=(), kwargs=None, call="", **options):
    request = Request("m.py:f", "cpu", inputs=tuple(map(parse_given, texts)), call=call, **options)
    ready = prepared(model, args, kwargs or {}, request)
    return ready.run(), dict(ready.inputs.get("made", {}))


def refused(model, *texts, **options):
    with pytest.raises(InputError) as caught:
        run(model, *texts, **options)
    return caught.value


def test_by_name_by_position_and_beside_what_the_model_brings():
    given, made = run(Echo(), "x=f32[2, 4]", "scale=3", "shift=none", args=(torch.ones(1, 4), None))
    assert notation(given["x"]) == "f32[2, 4]"
    assert (given["mask"], given["scale"], given["shift"]) == (None, 3, None)
    assert made == {"x": "random numbers", "scale": "as given", "shift": "as given"}
    given, _ = run(Echo(), "in[0]=f32[2, 4]", "in[1]=bool[2]")
    assert notation(given["mask"]) == "bool[2]"


def test_the_same_seed_gives_the_same_numbers_whatever_else_is_drawn():
    first, again = run(Echo(), "x=f32[2]")[0]["x"], run(Echo(), "mask=f32[9]", "x=f32[2]")[0]["x"]
    assert torch.equal(first, again)
    assert not torch.equal(first, run(Echo(), "x=f32[2]", seed=1)[0]["x"])
    assert not torch.equal(first, run(Echo(), "x=f32[2]", "mask=f32[2]")[0]["mask"])


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_can_be_made(dtype):
    given, _ = run(Echo(), f"x={dtype}[3, 2]")
    assert short_dtype(given["x"].dtype) == dtype
    filled, _ = run(Echo(), f"x={dtype}[3, 2]=1")
    assert filled["x"].to(torch.complex64).eq(1).all()


def test_the_numbers_of_a_small_input_are_known_in_a_shapes_only_run():
    real, _ = run(Echo(), "x=f32[4]", "mask=i64[3]<9")
    changes = Changes()
    ShapesOnly().begin(changes)
    try:
        ready = prepared(
            Echo(), (), {}, Request("m.py:f", inputs=(parse_given("x=f32[4]"), parse_given("mask=i64[3]<9")))
        )
        given = ready.run()
        read = given["x"].tolist(), given["mask"].tolist()
        large = prepared(Echo(), (), {}, Request("m.py:f", inputs=(parse_given("x=f32[99999, 9999]"),))).run()
        assert tuple(large["x"].shape) == (99999, 9999)
    finally:
        changes.end()
    assert read == (real["x"].tolist(), real["mask"].tolist())


@pytest.mark.parametrize(
    ("text", "dtype", "below", "told"),
    [
        ("input_ids=i64[4, 500]<7", torch.int64, 7, "random integers below 7"),
        ("input_ids=i32[4, 500]", torch.int32, 50, "random integers below 50"),
        ("input_ids=u8[4, 500]", torch.uint8, 256, "random integers below 256"),
    ],
)
def test_integers_are_drawn_below_a_bound(text, dtype, below, told):
    (ids, _, _), made = run(Tokens(), text)
    assert ids.dtype is dtype
    assert int(ids.min()) >= 0
    assert below * 0.9 <= int(ids.max()) + 1 <= below
    assert made == {"input_ids": told}


def test_a_mask_that_nobody_describes_hides_nothing():
    (_, mask, _), made = run(Tokens(), "input_ids=i64[2, 3]", "attention_mask=i64[2, 3]")
    assert mask.tolist() == [[1, 1, 1], [1, 1, 1]]
    assert made["attention_mask"] == "full of 1"
    (_, mask, _), _ = run(Tokens(), "input_ids=i64[2, 3]", "attention_mask=i64[2, 300]<2")
    assert set(mask.unique().tolist()) == {0, 1}


def test_without_a_dtype_it_is_that_of_what_was_there_or_of_the_parameters():
    given, _ = run(Echo(), "x=2,3", args=(torch.ones(1, 1, dtype=torch.int32),))
    assert notation(given["x"]) == "i32[2, 3]"
    assert notation(run(Echo().half(), "x=[2, 3]")[0]["x"]) == "f16[2, 3]"


def test_without_a_name():
    assert notation(run(Echo(), "2,3")[0]["x"]) == "f32[2, 3]"
    assert notation(run(Any(), "2,3")[0][0][0]) == "f32[2, 3]"
    assert run(Tokens(), "i64[1, 2]")[0][0].shape == (1, 2)
    error = refused(Pair(), "f32[1, 2]")
    assert error.expected == "a name: left, right"
    assert error.hint == "--input 'left=f32[1, 2]'"


def test_any_number_of_arguments():
    (xs, named), made = run(Any(), "in[0]=f32[2]", "in[1]=f32[3]", "extra=f32[4]")
    assert [notation(x) for x in xs] == ["f32[2]", "f32[3]"]
    assert notation(named["extra"]) == "f32[4]"
    assert list(made) == ["in[0]", "in[1]", "extra"]
    assert refused(Any(), "in[1]=f32[2]").what == "input in[1] is given, and in[0] is not"


def test_positions_that_have_no_name_to_be_called_by():
    (a, b), _ = run(Positional(), "a=1.5", "b=2.5")
    assert (a, b) == (1.5, 2.5)
    assert refused(Positional(), "b=2.5").what == "input 'b' is given by position, and 'a' before it is not"


Both = namedtuple("Both", "image meta")


@dataclasses.dataclass
class Record:
    image: object
    meta: object


class Thing:
    def __init__(self):
        self.image, self.meta = torch.ones(1), 1


@pytest.mark.parametrize(
    ("batch", "get"),
    [
        ({"image": torch.ones(1), "meta": 1}, lambda b: (b["image"], b["meta"])),
        (Both(torch.ones(1), 1), lambda b: (b.image, b.meta)),
        (Record(torch.ones(1), 1), lambda b: (b.image, b.meta)),
        (Thing(), lambda b: (b.image, b.meta)),
    ],
)
def test_inside_what_the_model_brings(batch, get):
    before = get(batch)
    given, _ = run(Nested(), "batch.image=f32[2, 3]", args=(batch,))
    image, meta = get(given)
    assert type(given) is type(batch)
    assert (notation(image), meta) == ("f32[2, 3]", 1)
    assert get(batch) == before  # the user's own object is left as it is


def test_containers_are_made_where_there_are_none():
    given, _ = run(Nested(), "batch.image=f32[2]", "batch.more.mask=bool[3]", "batch.list[0]=1")
    assert notation(given["image"]) == "f32[2]"
    assert notation(given["more"]["mask"]) == "bool[3]"
    assert given["list"] == [1]
    pictures, _ = run(Nested(), "batch[0]=f32[3, 4, 5]", "batch[1]=f32[3, 6, 7]")
    assert [notation(picture) for picture in pictures] == ["f32[3, 4, 5]", "f32[3, 6, 7]"]
    pair, _ = run(Nested(), "batch[1]=2", args=((1, 1),))
    assert pair == (1, 2)
    assert refused(Nested(), "batch[1]=f32[1]").found == "it has 0 items so far"
    error = refused(Nested(), "batch.imge=1", args=(Both(1, 2),))
    assert (error.what, error.found) == (
        "there is no place 'batch.imge' in 'batch'",
        "a Both with image, meta",
    )


def test_other_inputs_follow_one_that_has_other_sizes_now():
    args = (torch.ones(2, 12, dtype=torch.int64), torch.ones(2, 12))
    (ids, mask, _), made = run(Tokens(), "input_ids=i64[3, 5]", args=args)
    assert (notation(ids), notation(mask)) == ("i64[3, 5]", "f32[3, 5]")
    assert made["attention_mask"] == "made to fit input_ids"
    (_, mask, _), made = run(Tokens(), "input_ids=i64[3, 5]", "attention_mask=f32[7]", args=args)
    assert notation(mask) == "f32[7]"
    (_, mask, _), _ = run(Tokens(), "input_ids=i64[3, 5]", args=(args[0], torch.ones(2, 7, 8)))
    assert notation(mask) == "f32[3, 7, 8]"
    batch = {"image": torch.ones(2, 3), "meta": torch.ones(2, 5)}
    given, made = run(Nested(), "batch.image=f32[4, 9]", args=(batch,))
    assert notation(given["meta"]) == "f32[4, 5]"
    assert made == {"batch.image": "random numbers", "batch.meta": "made to fit batch.image"}
    pictures, _ = run(Nested(), "batch[0]=f32[3, 9, 9]", args=([torch.ones(3, 4, 4), torch.ones(3, 4, 4)],))
    assert [notation(one) for one in pictures] == ["f32[3, 9, 9]", "f32[3, 4, 4]"]


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("mode f32[2]", "--input 'mode=f32[2]'"),
        ("input_id: i64[1, 2]", "--input 'input_ids=i64[1, 2]'"),
        ("1,3,8", "--input 'input_ids=1,3,8'"),
        ("a dog", "--input 'input_ids=a dog'"),
    ],
)
def test_an_input_without_a_name_or_with_another_sign_behind_it(given, hint):
    class Two(Echo):
        def forward(self, input_ids, mode):
            return input_ids, mode

    assert refused(Two(), given).hint == hint


def test_what_a_part_takes_is_told_from_that_part():
    model = nn.Sequential(nn.Embedding(9, 3), nn.Linear(3, 5))
    assert examples(callee_of(model, "1", None), model, ["input"]) == "--input 'input=f32[1, 3]'"
    assert examples(callee_of(model, "", None), model, ["input"]) == "--input 'input=i64[1, 16]<9'"


def test_names_that_the_forward_does_not_have():
    error = refused(Tokens(), "input_id=i64[1, 2]")
    assert error.code == "input-unknown"
    assert error.what == "Tokens.forward has no input 'input_id'"
    assert error.expected == "one of input_ids, attention_mask, mode"
    assert error.hint == "--input 'input_ids=i64[1, 2]'"

    class Swallows(Echo):
        def forward(self, input_ids=None, **kwargs):
            return input_ids, kwargs

    assert refused(Swallows(), "input_id=1").hint == "--input 'input_ids=1'"
    assert run(Swallows(), "use_cache=true")[0] == (None, {"use_cache": True})
    assert refused(Echo(), "in[7]=1").what == "Echo.forward has no input 'in[7]'"


def test_each_input_once():
    error = refused(Echo(), "x=f32[1]", "in[0]=f32[2]")
    assert (error.code, error.what) == ("input-twice", "'in[0]=f32[2]' and 'x=f32[1]' are both for 'x'")
    assert refused(Nested(), "batch.x=f32[1]", "batch=f32[2]").code == "input-twice"


def test_what_is_missing_is_shown_as_it_is_typed():
    error = refused(Tokens())
    assert error.code == "target-inputs"
    assert error.hint == "--input 'input_ids=i64[1, 16]<50'"
    assert refused(Pair(), "left=1").hint == "--input 'right=f32[1, 4]'"

    class Plain(Echo):
        def forward(self, size: int, name: str, on: bool, images, mask):
            return size

    assert refused(Plain()).hint == (
        "--input 'size=1' --input 'name=text' --input 'on=true' --input 'images=f32[1, 3, 224, 224]' "
        "--input 'mask=bool[1, 16]'"
    )


def test_memory_is_asked_for_before_it_is_taken(monkeypatch):
    monkeypatch.setattr(tensors, "memory_available", lambda: 1000)
    error = refused(Echo(), "x=f32[1000]")
    assert error.code == "input-too-large"
    assert error.what == "'f32[1000]' takes 3.91 KiB of memory"
    assert "--device meta" in error.hint


def test_files_of_tensors(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    numpy.save("x.npy", numpy.ones((3, 4), dtype="f4"))
    numpy.savez("x.npz", x=numpy.ones(2), y=numpy.ones(1))
    torch.save(torch.ones(5), "x.pt")
    torch.save({"image": torch.ones(2), "meta": [1, torch.ones(3)]}, "batch.pt")
    save_file({"a": torch.ones(6)}, "one.safetensors")
    save_file({"a": torch.ones(6), "b": torch.ones(7)}, "two.safetensors")
    found = {
        file: notation(run(Echo(), f"x={file}")[0]["x"])
        for file in ("x.npy", "x.npz", "x.pt", "one.safetensors")
    }
    assert found == {"x.npy": "f32[3, 4]", "x.npz": "f64[2]", "x.pt": "f32[5]", "one.safetensors": "f32[6]"}
    batch, made = run(Nested(), "batch=batch.pt")
    assert notation(batch["meta"][1]) == "f32[3]"
    assert made == {"batch": "read from batch.pt"}
    error = refused(Echo(), "x=two.safetensors")
    assert (error.what, error.found) == ("'two.safetensors' holds 2 tensors, and none is called 'x'", "a, b")


class Attack:
    def __reduce__(self):
        import os

        return os.mkdir, ("attacked",)


def test_files_that_would_run_code_or_are_broken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save(Attack(), "evil.pt")
    numpy.save("evil.npy", numpy.array([Attack()]), allow_pickle=True)
    for file in ("evil.pt", "evil.npy"):
        error = refused(Echo(), f"x={file}")
        assert error.code == "file-unreadable"
        assert "could run code" in error.because
    assert not (tmp_path / "attacked").exists()
    (tmp_path / "cut.safetensors").write_bytes(b"abc")
    assert refused(Echo(), "x=cut.safetensors").code == "file-unreadable"
    assert refused(Echo(), "x=evill.pt").hint == "evil.pt"


@pytest.mark.parametrize(
    ("before", "shape", "told"),
    [
        (None, "f32[1, 3, 20, 30]", "p.png, 30 x 20, numbers from 0 to 1"),
        (torch.ones(2, 3, 8, 6), "f32[1, 3, 8, 6]", "p.png, 30 x 20, resized to 6 x 8, numbers from 0 to 1"),
        (torch.ones(2, 1, 8, 6), "f32[1, 1, 8, 6]", "p.png, 30 x 20, resized to 6 x 8, numbers from 0 to 1"),
        (torch.ones(2, 8, 6, 3), "f32[1, 8, 6, 3]", "p.png, 30 x 20, resized to 6 x 8, numbers from 0 to 1"),
        (torch.ones(3, 8, 6), "f32[3, 8, 6]", "p.png, 30 x 20, resized to 6 x 8, numbers from 0 to 1"),
        (torch.ones(8, 6), "f32[8, 6]", "p.png, 30 x 20, resized to 6 x 8, numbers from 0 to 1"),
        (
            torch.ones(1, 3, 20, 30, dtype=torch.uint8),
            "u8[1, 3, 20, 30]",
            "p.png, 30 x 20, numbers from 0 to 255",
        ),
        (
            torch.ones(1, 5, 3, 8, 6),
            "f32[1, 1, 3, 8, 6]",
            "p.png, 30 x 20, resized to 6 x 8, numbers from 0 to 1",
        ),
    ],
)
def test_a_picture_gets_the_size_and_layout_that_the_model_has_there(
    before, shape, told, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (30, 20), (255, 0, 0)).save("p.png")
    args = () if before is None else (before,)
    given, made = run(Pictures(), "pixels=p.png", args=args)
    assert notation(given) == shape
    assert made == {"pixels": told}
    if before is None:
        assert given[0, :, 0, 0].tolist() == [1.0, 0.0, 0.0]


def test_a_picture_for_who_takes_a_list_of_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (30, 20)).save("p.png")
    given, _ = run(Nested(), "batch=p.png", args=([torch.ones(3, 8, 6), torch.ones(3, 7, 6)],))
    assert [notation(one) for one in given] == ["f32[3, 20, 30]"]
    given, _ = run(Nested(), "batch[1]=p.png", args=([torch.ones(3, 8, 6), torch.ones(3, 7, 6)],))
    assert [notation(one) for one in given] == ["f32[3, 8, 6]", "f32[3, 7, 6]"]


def test_a_picture_for_a_model_that_says_its_size(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (30, 20)).save("p.png")
    model = Pictures()
    for size, shape in ((16, "f32[1, 3, 16, 16]"), ((12, 8), "f32[1, 3, 12, 8]"), ("?", "f32[1, 3, 20, 30]")):
        model.image_size = size
        assert notation(run(model, "image=p.png")[0]) == shape


def test_words_where_words_are_taken_and_nowhere_else():
    assert run(Tokens(), "i64[1, 2]", "mode=slow")[0][2] == "slow"
    error = refused(Echo(), "x=hello")
    assert (error.code, error.hint) == ("input-syntax", "--input 'x=f32[1, 4]'")
    error = refused(Tokens(), "text=a dog")
    assert (error.code, error.hint) == ("tokenizer-missing", "--input 'input_ids=i64[1, 16]<50'")
    assert refused(Pictures(), "text=a dog").what == "Pictures.forward has no input 'text'"


def test_words_by_the_tokenizer_of_clip():
    pytest.importorskip("open_clip")

    class Clip(Echo):
        context_length = 20

        def __init__(self):
            super().__init__()
            self.token_embedding = nn.Embedding(49408, 2)

        def forward(self, image=None, text=None):
            return text

    text, made = run(Clip(), "text=a dog")
    assert notation(text) == "i64[1, 20]"
    assert text[0, :5].tolist() == [49406, 320, 1929, 49407, 0]
    assert made == {"text": "'a dog' as 20 tokens by open_clip's tokenizer"}


def test_words_by_the_tokenizer_of_a_folder(tmp_path):
    transformers = pytest.importorskip("transformers")
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\ndog\n")
    transformers.BertTokenizerFast(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    model = Tokens()
    model.name_or_path = str(tmp_path)
    (ids, mask, _), made = run(model, "text=a dog")
    assert ids.tolist() == [[2, 4, 5, 3]]
    assert mask.tolist() == [[1, 1, 1, 1]]
    assert made["input_ids"] == f"'a dog' as 4 tokens by the tokenizer in {tmp_path.name}"


def test_another_method_gets_what_it_takes_of_what_the_forward_gets():
    result, _ = run(Echo(), call="encode", args=(torch.ones(1, 4), None, 2.0))
    assert result[0] == "encoded"
    assert notation(result[1]) == "f32[1, 4]"
    assert run(Echo(), "x=f32[2, 4]", call="encode")[0][1].shape == (2, 4)

    class Generates(Echo):
        def generate(self, inputs=None, **named):
            return inputs, named

    inputs, named = run(Generates(), call="generate", args=(torch.ones(1, 4),), kwargs={"scale": 2.0})[0]
    assert (inputs, list(named)) == (None, ["x", "scale"])
    assert run(Echo(), "f32[3, 4]", call="linear")[0].shape == (3, 2)
    assert run(Echo(), "f32[3, 4]", call="linear.forward")[0].shape == (3, 2)
    assert run(nn.Sequential(Echo()), "f32[3, 4]", call="0.encode")[0][0] == "encoded"
    assert run(Echo(), "f32[3, 4]", call="model.encode")[0][0] == "encoded"


@pytest.mark.parametrize(
    ("call", "what", "hint"),
    [
        ("encod", "Echo has no method 'encod'", "--call encode"),
        ("liner.forward", "Echo has no method 'liner'", "--call linear"),
        ("linear.encode", "Linear has no method 'encode'", ""),
        ("training", "'training' of Echo cannot be called", "--call encode"),
    ],
)
def test_methods_that_are_not_there(call, what, hint):
    error = refused(Echo(), call=call)
    assert (error.code, error.what, error.hint) == ("no-method", what, hint)


def test_a_model_without_a_forward():
    class Parts(nn.Module):
        def encode(self, x):
            return x

    error = refused(Parts())
    assert (error.code, error.what) == ("no-method", "Parts has no forward")
    assert (error.found, error.hint) == ("it has encode", "--call encode")


def test_a_scripted_forward_has_its_parameters_from_its_schema():
    class Small(nn.Module):
        def forward(self, images, scale: float = 1.0):
            return images * scale

    scripted = torch.jit.script(Small())
    assert run(scripted, "images=f32[1, 2]", "scale=2.0")[0].shape == (1, 2)
    assert refused(scripted, "image=f32[1]", "imges=f32[2]").code in ("input-twice", "input-unknown")
    assert refused(scripted).hint == "--input 'images=f32[1, 3, 224, 224]'"


def test_training_mode_and_a_backward_pass():
    model = Echo().eval()
    run(model, "x=f32[1]", train=True)
    assert model.training
    ready = prepared(
        nn.Linear(4, 2), (torch.ones(3, 4),), {}, Request("m.py:f", "cpu", train=True, backward=True)
    )
    result = ready.run()
    assert torch.equal(ready.model.bias.grad, torch.tensor([3.0, 3.0]))
    assert ready.outcome(result) == {"backward_from": ["out"]}
    assert ready.inputs == {"seed": 0, "train": True, "backward": True}
