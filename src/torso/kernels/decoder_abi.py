"""Structures of the C interface that only decoders have; native/torso_kernels.h documents their fields."""

from __future__ import annotations

from ctypes import POINTER, c_float, c_int32, c_int64, c_void_p

from torso.kernels.abi import Fields, Matrix, Norm


class Mixture(Fields):
    """``torso_mixture``."""

    __slots__ = ()
    _fields_ = (
        ("experts", c_int64),
        ("top", c_int64),
        ("router", Matrix),
        ("scoring", c_int32),
        ("normalised", c_int32),
        ("least", c_float),
        ("scale", c_float),
        ("correction", c_void_p),
        ("groups", c_int64),
        ("kept", c_int64),
        ("best", c_int64),
        ("up", POINTER(Matrix)),
        ("down", POINTER(Matrix)),
        ("gated", c_int32),
        ("activation", c_int32),
        ("limit", c_float),
        ("slope", c_float),
        ("shared_gate", Matrix),
    )


class Latent(Fields):
    """``torso_latent``."""

    __slots__ = ()
    _fields_ = (
        ("query_down", Matrix),
        ("kv_down", Matrix),
        ("kv", Matrix),
        ("query_norm", Norm),
        ("kv_norm", Norm),
        ("size", c_int64),
        ("turned", c_int64),
        ("value_size", c_int64),
    )


class DecoderBlock(Fields):
    """``torso_decoder_block``."""

    __slots__ = ()
    _fields_ = (
        ("qkv", Matrix),
        ("out", Matrix),
        ("up", Matrix),
        ("down", Matrix),
        ("attn_norm", Norm),
        ("ffn_norm", Norm),
        ("attn_out_norm", Norm),
        ("ffn_out_norm", Norm),
        ("query_norm", Norm),
        ("key_norm", Norm),
        ("joint_norms", c_int32),
        ("order", c_int32),
        ("gated", c_int32),
        ("activation", c_int32),
        ("turns", c_int32),
        ("turns_neighbours", c_int32),
        ("left", c_int64),
        ("scale", c_float),
        ("softcap", c_float),
        ("cross_query", Matrix),
        ("cross_out", Matrix),
        ("cross_norm", Norm),
        ("cross_scale", c_float),
        ("mixture", POINTER(Mixture)),
        ("latent", POINTER(Latent)),
        ("sinks", c_void_p),
    )


class Decoder(Fields):
    """``torso_decoder``."""

    __slots__ = ()
    _fields_ = (
        ("width", c_int64),
        ("heads", c_int64),
        ("key_heads", c_int64),
        ("head_size", c_int64),
        ("depth", c_int64),
        ("blocks", POINTER(DecoderBlock)),
        ("norm", Norm),
        ("vocabulary", Matrix),
        ("output_scale", c_float),
        ("softcap", c_float),
        ("slopes", c_void_p),
        ("cache_kind", c_int32),
    )


class DecodeCall(Fields):
    """``torso_decode_call``."""

    __slots__ = ()
    _fields_ = (
        ("texts", c_int64),
        ("starts", c_void_p),
        ("rows", c_void_p),
        ("regions", c_void_p),
        ("past", c_void_p),
        ("cosines", c_void_p * 2),
        ("sines", c_void_p * 2),
        ("turned", c_int64),
        ("cache", c_void_p),
        ("cache_rows", c_int64),
        ("distances", c_void_p),
        ("reach", c_int64),
        ("memory", c_void_p),
        ("memory_rows", c_int64),
        ("memory_starts", c_void_p),
        ("memory_sizes", c_void_p),
        ("wanted", c_void_p),
        ("wanted_rows", c_int64),
        ("hidden", c_void_p),
        ("scores", c_void_p),
        ("kept", c_void_p),
        ("threads", c_int32),
    )
