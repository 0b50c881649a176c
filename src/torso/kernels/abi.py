"""Structures of the C interface; native/torso_kernels.h documents their fields."""

from __future__ import annotations

from ctypes import POINTER, Structure, c_float, c_int32, c_int64, c_uint32, c_uint64, c_void_p


class Fields(Structure):
    """A structure that refuses names other than its fields': ctypes alone keeps them, and C never sees them."""

    __slots__ = ()


class Matrix(Fields):
    """``torso_matrix``."""

    __slots__ = ()
    _fields_ = (
        ("kind", c_int32),
        ("outputs", c_int64),
        ("inputs", c_int64),
        ("packed", c_void_p),
        ("bias", c_void_p),
        ("scales", c_void_p),
        ("weight_sums", c_void_p),
        ("group", c_int64),
    )


class Norm(Fields):
    """``torso_norm``."""

    __slots__ = ()
    _fields_ = (("kind", c_int32), ("weight", c_void_p), ("bias", c_void_p), ("epsilon", c_float))


class Embeddings(Fields):
    """``torso_embeddings``."""

    __slots__ = ()
    _fields_ = (
        ("tokens", c_void_p),
        ("segments", c_void_p),
        ("positions", c_void_p),
        ("token_rows", c_int64),
        ("segment_rows", c_int64),
        ("position_rows", c_int64),
        ("position_offset", c_int64),
        ("scale", c_float),
        ("norm", Norm),
    )


class Block(Fields):
    """``torso_block``."""

    __slots__ = ()
    _fields_ = (
        ("qkv", Matrix),
        ("out", Matrix),
        ("up", Matrix),
        ("down", Matrix),
        ("attn_norm", Norm),
        ("ffn_norm", Norm),
        ("norms_after", c_int32),
        ("gated", c_int32),
        ("activation", c_int32),
        ("turns", c_int32),
        ("left", c_int64),
        ("right", c_int64),
        ("scale", c_float),
        ("position_keys", Matrix),
        ("position_queries", Matrix),
    )


class Trunk(Fields):
    """``torso_trunk``."""

    __slots__ = ()
    _fields_ = (
        ("compute", c_int32),
        ("width", c_int64),
        ("heads", c_int64),
        ("key_heads", c_int64),
        ("head_size", c_int64),
        ("inner", c_int64),
        ("embeddings", Embeddings),
        ("depth", c_int64),
        ("blocks", POINTER(Block)),
        ("norm", Norm),
    )


class Call(Fields):
    """``torso_call``."""

    __slots__ = ()
    _fields_ = (
        ("texts", c_int64),
        ("starts", c_void_p),
        ("tokens", c_void_p),
        ("segments", c_void_p),
        ("positions", c_void_p),
        ("rows", c_void_p),
        ("cosines", c_void_p * 2),
        ("sines", c_void_p * 2),
        ("turned", c_int64),
        ("distances", c_void_p),
        ("relative_rows", c_void_p),
        ("reach", c_int64),
        ("out", c_void_p),
        ("pool", c_int32),
        ("kept", POINTER(c_void_p)),
        ("weights", POINTER(c_void_p)),
        ("threads", c_int32),
        ("seen", c_void_p),
    )


class AttentionCall(Fields):
    """``torso_attention_call``."""

    __slots__ = ()
    _fields_ = (
        ("kind", c_int32),
        ("queries", c_void_p),
        ("keys", c_void_p),
        ("values", c_void_p),
        ("row_step", c_int64),
        ("texts", c_int64),
        ("starts", c_void_p),
        ("heads", c_int64),
        ("key_heads", c_int64),
        ("head_size", c_int64),
        ("scale", c_float),
        ("left", c_int64),
        ("right", c_int64),
        ("distances", c_void_p),
        ("reach", c_int64),
        ("to", c_void_p),
        ("to_step", c_int64),
        ("weights", c_void_p),
        ("threads", c_int32),
    )


class TrainingAttention(Fields):
    """``torso_training_attention``."""

    __slots__ = ()
    _fields_ = (
        ("kind", c_int32),
        ("texts", c_int64),
        ("query_starts", c_void_p),
        ("key_starts", c_void_p),
        ("heads", c_int64),
        ("key_heads", c_int64),
        ("head_size", c_int64),
        ("queries", c_void_p),
        ("keys", c_void_p),
        ("values", c_void_p),
        ("query_step", c_int64),
        ("key_step", c_int64),
        ("value_step", c_int64),
        ("scale", c_float),
        ("left", c_int64),
        ("right", c_int64),
        ("dropped", c_uint32),
        ("seed", c_uint64),
        ("to", c_void_p),
        ("log_sums", c_void_p),
        ("gradient", c_void_p),
        ("query_gradients", c_void_p),
        ("key_gradients", c_void_p),
        ("value_gradients", c_void_p),
        ("threads", c_int32),
    )
