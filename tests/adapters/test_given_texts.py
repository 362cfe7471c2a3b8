"""The texts of ``--input``: what each is read as, and what is said of those that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapeflow.adapters.given.texts import DTYPES, File, Plain, Tensor, Words, parse_given, place_text
from shapeflow.errors import InputError


@pytest.mark.parametrize(
    ("text", "place", "value"),
    [
        ("images=f32[1,3,224,224]", ("images",), Tensor("f32", (1, 3, 224, 224))),
        ("1,3,224,224", (), Tensor("", (1, 3, 224, 224))),
        ("1, 3, 224, 224,", (), Tensor("", (1, 3, 224, 224))),
        ("5", (), Tensor("", (5,))),
        ("[2,3]", (), Tensor("", (2, 3))),
        ("x=[2,3]", ("x",), Tensor("", (2, 3))),
        ("f32[1, 3]", (), Tensor("f32", (1, 3))),
        ("f32[]", (), Tensor("f32", ())),
        ("x=f32[0, 3]", ("x",), Tensor("f32", (0, 3))),
        ("tokens=i64[2,16]<30522", ("tokens",), Tensor("i64", (2, 16), below=30522)),
        ("i64[2,16] < 30_522".replace("_", ""), (), Tensor("i64", (2, 16), below=30522)),
        ("i64[2]=1", (), Tensor("i64", (2,), filled=1)),
        ("mask=bool[2]=true", ("mask",), Tensor("bool", (2,), filled=True)),
        ("x=f16[2]=-0.5", ("x",), Tensor("f16", (2,), filled=-0.5)),
        ("x=float32[2]", ("x",), Tensor("f32", (2,))),
        ("x=torch.long[2]", ("x",), Tensor("i64", (2,))),
        ("in[0]=c64[2]", (0,), Tensor("c64", (2,))),
        ("in.images=f32[2]", ("images",), Tensor("f32", (2,))),
        ("in.batch.image=f32[2]", ("batch", "image"), Tensor("f32", (2,))),
        ("images[1]=f32[2]", ("images", 1), Tensor("f32", (2,))),
        ("d['a b']=f32[2]", ("d", "a b"), Tensor("f32", (2,))),
        ("in=f32[2]", ("in",), Tensor("f32", (2,))),
        ("scale=2", ("scale",), Plain(2)),
        ("scale=-1e-3", ("scale",), Plain(-0.001)),
        ("2.5", (), Plain(2.5)),
        ("flag=true", ("flag",), Plain(True)),
        ("flag=False", ("flag",), Plain(False)),
        ("mask=none", ("mask",), Plain(None)),
        ("null", (), Plain(None)),
        ("image=photo.jpg", ("image",), File(Path("photo.jpg"))),
        ("my photo.JPG", (), File(Path("my photo.JPG"))),
        ("x=a/b.safetensors", ("x",), File(Path("a/b.safetensors"))),
        ("text=a dog", ("text",), Words("a dog")),
        ("text='x.npy'", ("text",), Words("x.npy")),
        ("a dog = a friend", (), Words("a dog = a friend")),
        ("mode=fast", ("mode",), Words("fast")),
    ],
)
def test_what_a_text_is_read_as(text, place, value):
    given = parse_given(text)
    assert (given.place, given.value) == (place, value)
    assert str(given) == text


BROKEN = [
    ("x=", "'x=' gives no value", "--input 'x=f32[1, 3, 224, 224]'"),
    ("x=f31[1,3]", "no dtype 'f31'", "--input 'x=f32[1,3]'"),
    ("x=flot64[2]", "no dtype 'flot64'", "--input 'x=f64[2]'"),
    ("x=zzz[2]", "no dtype 'zzz'", ""),
    ("x=f32[B, 3, H]", "'B' is not a size", "--input 'x=f32[1, 3, 1]'"),
    ("x=f32[-1, 3]", "the size '-1' is negative", "--input 'x=f32[1, 3]'"),
    ("x=-1,3", "the size '-1' is negative", "--input 'x=[1, 3]'"),
    ("x=f32[1,,3]", "a size is missing", "--input 'x=f32[1, 1, 3]'"),
    ("x=f32[1.5]", "'1.5' is not a size", "--input 'x=f32[1]'"),
    ("x=f32[1" + 20 * "0" + "]", "is larger than any tensor can be", "--input 'x=f32[1]'"),
    ("1x3x224x224", "'1x3x224x224' is not a tensor", "--input '[1, 3, 224, 224]'"),
    ("(1,3,224,224)", "'(1,3,224,224)' is not a tensor", "--input '[1, 3, 224, 224]'"),
    ("x=f32(1,3)", "'f32(1,3)' is not a tensor", "--input 'x=f32[1, 3]'"),
    ("x=f32[1,3", "'f32[1,3' is not a tensor", "--input 'x=f32[1, 3]'"),
    ("x=f32[2]<3", "'<3' bounds integers", "--input 'x=i64[2]<3'"),
    ("x=i64[2]<0", "'<0' is not a bound", "--input 'x=i64[2]<100'"),
    ("x=u8[2]<257", "'<257' is not a bound", "--input 'x=u8[2]<100'"),
    ("x=i64[2]=1.5", "'=1.5' is not a number to fill", "--input 'x=i64[2]=1'"),
    ("x=i64[2]=one", "'=one' is not a number to fill", "--input 'x=i64[2]=1'"),
    ("my-input=f32[1]", "'my-input' is not the name of an input", "--input 'my_input=f32[1]'"),
    ("x=model.onnx", "'model.onnx' is not a kind of file", ""),
]


@pytest.mark.parametrize(("text", "what", "hint"), BROKEN)
def test_what_cannot_be_read(text, what, hint):
    with pytest.raises(InputError) as caught:
        parse_given(text)
    error = caught.value
    assert error.code == "input-syntax"
    assert what in error.what
    assert error.hint == hint
    assert error.where == "option --input"
    if hint:  # what is offered can be typed
        parse_given(hint.removeprefix("--input '").removesuffix("'"))


def test_no_tensor_is_as_large_as_all_memory_that_can_be_addressed():
    with pytest.raises(InputError) as caught:
        parse_given("x=f32[99999999999, 99999999999]")
    assert caught.value.code == "input-too-large"


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_that_is_named_can_be_asked_for(dtype):
    assert parse_given(f"x={dtype}[2, 3]").value == Tensor(dtype, (2, 3))


@pytest.mark.parametrize("name", ["images", "in[0]", "batch.image", "images[1]", "in[0].x['a b']"])
def test_a_place_is_written_as_ports_name_it(name):
    assert place_text(parse_given(f"{name}=1").place) == name
