"""Made by `python -m tools.family_stubs`: the configs of every family, each parameter with its meaning."""

# ruff: noqa: E501
from typing import Any

from torso.config.hub_config import HubConfig

class FamilyConfig(HubConfig):
    r"""Parameters that every family has."""

    architectures: list[str] | None = None
    r"""classes of transformers that the file was saved for. Default None; without effect here."""
    num_labels: int | None = None
    r"""labels of the task's head; follows from id2label. Default None; gives the weights their shape."""
    id2label: dict[int, str] | None = None
    r"""name of each label. Default None; changes results."""
    label2id: dict[str, int] | None = None
    r"""number of each label, the inverse of id2label. Default None; changes results."""
    problem_type: str | None = None
    r"""loss of a sequence head; null decides by the labels given. Default None; acts in training."""
    output_attentions: bool = False
    r"""whether padded models return attention weights by default. Default False; changes results."""
    output_hidden_states: bool = False
    r"""whether padded models return every layer's rows by default. Default False; changes results."""
    tie_word_embeddings: bool = True
    r"""whether the token embeddings are the output matrix too. Default True; gives the weights their shape."""
    initializer_range: float = 0.02
    r"""spread of the weights of a new head. Default 0.02; acts in training."""
    dtype: str | None = None
    r"""number format the weights were saved in; the file itself decides. Default None; without effect here."""
    pad_token_id: int | None = None
    r"""id of the padding token; torso packs texts and needs none. Default None; without effect here."""
    bos_token_id: int | None = None
    r"""id of the token that begins a text. Default None; without effect here."""
    eos_token_id: int | list[int] | None = None
    r"""id of the token that ends a text. Default None; without effect here."""
    sep_token_id: int | None = None
    r"""id of the token between two texts. Default None; without effect here."""
    cls_token_id: int | None = None
    r"""id of the classification token. Default None; without effect here."""
    is_encoder_decoder: bool = False
    r"""whether the model has an encoder and a decoder. Default False; changes results; only False is implemented."""
    is_decoder: bool = False
    r"""whether the blocks see earlier tokens only. Default False; changes results; only False is implemented."""
    add_cross_attention: bool = False
    r"""whether the blocks read another model's rows. Default False; changes results; only False is implemented."""

class AlbertConfig(FamilyConfig):
    r"""The keys of an ALBERT ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 30000; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4096; gives the weights their shape.
        num_hidden_layers (int): how often a group is applied. Default 12; changes results.
        num_attention_heads (int): heads that share the width. Default 64; changes results.
        intermediate_size (int): width inside the feed-forward. Default 16384; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu_new'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and behind attention. Default 0.0; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.0; acts in training.
        max_position_embeddings (int): longest text, in tokens. Default 512; gives the weights their shape.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-12; changes results.
        embedding_size (int): width of the embeddings, before they are projected. Default 128; gives the weights their shape.
        num_hidden_groups (int): groups of blocks, applied one after another. Default 1; gives the weights their shape.
        inner_group_num (int): blocks of a group. Default 1; gives the weights their shape.
        classifier_dropout_prob (float): dropout before a head of labels. Default 0.1; acts in training.
        type_vocab_size (int): segments: first and second text. Default 2; gives the weights their shape.
        position_embedding_type (str): how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 2; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 3; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 30000
    r"""entries of the vocabulary. Default 30000; gives the weights their shape."""
    hidden_size: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    num_hidden_layers: int = 12
    r"""how often a group is applied. Default 12; changes results."""
    num_attention_heads: int = 64
    r"""heads that share the width. Default 64; changes results."""
    intermediate_size: int = 16384
    r"""width inside the feed-forward. Default 16384; gives the weights their shape."""
    hidden_act: str = "gelu_new"
    r"""activation of the feed-forward. Default 'gelu_new'; changes results."""
    hidden_dropout_prob: float = 0.0
    r"""dropout on embeddings and behind attention. Default 0.0; acts in training."""
    attention_probs_dropout_prob: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    max_position_embeddings: int = 512
    r"""longest text, in tokens. Default 512; gives the weights their shape."""
    layer_norm_eps: float = 1e-12
    r"""added to the variance in every norm. Default 1e-12; changes results."""
    embedding_size: int = 128
    r"""width of the embeddings, before they are projected. Default 128; gives the weights their shape."""
    num_hidden_groups: int = 1
    r"""groups of blocks, applied one after another. Default 1; gives the weights their shape."""
    inner_group_num: int = 1
    r"""blocks of a group. Default 1; gives the weights their shape."""
    classifier_dropout_prob: float = 0.1
    r"""dropout before a head of labels. Default 0.1; acts in training."""
    type_vocab_size: int = 2
    r"""segments: first and second text. Default 2; gives the weights their shape."""
    position_embedding_type: str = "absolute"
    r"""how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""
    bos_token_id: int | None = 2
    r"""id of the token that begins a text. Default 2; without effect here."""
    eos_token_id: int | list[int] | None = 3
    r"""id of the token that ends a text. Default 3; without effect here."""

class BartConfig(FamilyConfig):
    r"""The keys of a BART ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 50265; gives the weights their shape.
        d_model (int): width of every hidden state. Default 1024; gives the weights their shape.
        encoder_layers (int): blocks of the encoder. Default 12; gives the weights their shape.
        decoder_layers (int): blocks of the decoder. Default 12; gives the weights their shape.
        encoder_attention_heads (int): heads that share the width, in the encoder. Default 16; changes results.
        decoder_attention_heads (int): heads that share the width, in the decoder. Default 16; changes results.
        encoder_ffn_dim (int): width inside the feed-forward of the encoder. Default 4096; gives the weights their shape.
        decoder_ffn_dim (int): width inside the feed-forward of the decoder. Default 4096; gives the weights their shape.
        activation_function (str): activation of the feed-forward. Default 'gelu'; changes results.
        max_position_embeddings (int): longest text, in tokens. Default 1024; gives the weights their shape.
        scale_embedding (bool): whether token embeddings are scaled by the root of the width. Default False; changes results.
        dropout (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        activation_dropout (float): dropout inside the feed-forward. Default 0.0; acts in training.
        encoder_layerdrop (float): probability of leaving out a block of the encoder. Default 0.0; acts in training.
        decoder_layerdrop (float): probability of leaving out a block of the decoder. Default 0.0; acts in training.
        decoder_start_token_id (int | None): id of the token that a target begins with. Default 2; changes results.
        classifier_dropout (float): dropout before a head of labels. Default 0.0; acts in training.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token, whose embedding does not learn. Default 1; acts in training.
        bos_token_id (int | None): id of the token that begins a text. Default 0; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the file holds a decoder too; the weights tell. Default True; without effect here.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 50265
    r"""entries of the vocabulary. Default 50265; gives the weights their shape."""
    d_model: int = 1024
    r"""width of every hidden state. Default 1024; gives the weights their shape."""
    encoder_layers: int = 12
    r"""blocks of the encoder. Default 12; gives the weights their shape."""
    decoder_layers: int = 12
    r"""blocks of the decoder. Default 12; gives the weights their shape."""
    encoder_attention_heads: int = 16
    r"""heads that share the width, in the encoder. Default 16; changes results."""
    decoder_attention_heads: int = 16
    r"""heads that share the width, in the decoder. Default 16; changes results."""
    encoder_ffn_dim: int = 4096
    r"""width inside the feed-forward of the encoder. Default 4096; gives the weights their shape."""
    decoder_ffn_dim: int = 4096
    r"""width inside the feed-forward of the decoder. Default 4096; gives the weights their shape."""
    activation_function: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    max_position_embeddings: int = 1024
    r"""longest text, in tokens. Default 1024; gives the weights their shape."""
    scale_embedding: bool = False
    r"""whether token embeddings are scaled by the root of the width. Default False; changes results."""
    dropout: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    activation_dropout: float = 0.0
    r"""dropout inside the feed-forward. Default 0.0; acts in training."""
    encoder_layerdrop: float = 0.0
    r"""probability of leaving out a block of the encoder. Default 0.0; acts in training."""
    decoder_layerdrop: float = 0.0
    r"""probability of leaving out a block of the decoder. Default 0.0; acts in training."""
    decoder_start_token_id: int | None = 2
    r"""id of the token that a target begins with. Default 2; changes results."""
    classifier_dropout: float = 0.0
    r"""dropout before a head of labels. Default 0.0; acts in training."""
    pad_token_id: int | None = 1
    r"""id of the padding token, whose embedding does not learn. Default 1; acts in training."""
    bos_token_id: int | None = 0
    r"""id of the token that begins a text. Default 0; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""
    is_encoder_decoder: bool = True
    r"""whether the file holds a decoder too; the weights tell. Default True; without effect here."""

class BertConfig(FamilyConfig):
    r"""The keys of a BERT ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 30522; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 768; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 12; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 12; changes results.
        intermediate_size (int): width inside the feed-forward. Default 3072; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.1; acts in training.
        max_position_embeddings (int): longest text, in tokens. Default 512; gives the weights their shape.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-12; changes results.
        type_vocab_size (int): segments: first and second text. Default 2; gives the weights their shape.
        classifier_dropout (float | None): dropout before a head; null takes hidden_dropout_prob. Default None; acts in training.
        position_embedding_type (str): how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 30522
    r"""entries of the vocabulary. Default 30522; gives the weights their shape."""
    hidden_size: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    num_hidden_layers: int = 12
    r"""blocks of the trunk. Default 12; gives the weights their shape."""
    num_attention_heads: int = 12
    r"""heads that share the width. Default 12; changes results."""
    intermediate_size: int = 3072
    r"""width inside the feed-forward. Default 3072; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    hidden_dropout_prob: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_probs_dropout_prob: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    max_position_embeddings: int = 512
    r"""longest text, in tokens. Default 512; gives the weights their shape."""
    layer_norm_eps: float = 1e-12
    r"""added to the variance in every norm. Default 1e-12; changes results."""
    type_vocab_size: int = 2
    r"""segments: first and second text. Default 2; gives the weights their shape."""
    classifier_dropout: float | None = None
    r"""dropout before a head; null takes hidden_dropout_prob. Default None; acts in training."""
    position_embedding_type: str = "absolute"
    r"""how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""

class BloomConfig(FamilyConfig):
    r"""The keys of a BLOOM ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 250880; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 64; gives the weights their shape.
        n_layer (int): blocks of the trunk. Default 2; gives the weights their shape.
        n_head (int): heads that share the width. Default 8; changes results.
        layer_norm_epsilon (float): added to the variance in every norm. Default 1e-05; changes results.
        apply_residual_connection_post_layernorm (bool): whether branches are added to the normed rows instead of the rows. Default False; changes results.
        hidden_dropout (float): dropout on what attention and feed-forward add. Default 0.0; acts in training.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null takes hidden_dropout. Default None; acts in training.
        slow_but_exact (bool): whether transformers adds up products in the order of training. Default False; without effect here.
        pretraining_tp (int): parts in which those products were added up in training. Default 1; without effect here.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 1; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 250880
    r"""entries of the vocabulary. Default 250880; gives the weights their shape."""
    hidden_size: int = 64
    r"""width of every hidden state. Default 64; gives the weights their shape."""
    n_layer: int = 2
    r"""blocks of the trunk. Default 2; gives the weights their shape."""
    n_head: int = 8
    r"""heads that share the width. Default 8; changes results."""
    layer_norm_epsilon: float = 1e-05
    r"""added to the variance in every norm. Default 1e-05; changes results."""
    apply_residual_connection_post_layernorm: bool = False
    r"""whether branches are added to the normed rows instead of the rows. Default False; changes results."""
    hidden_dropout: float = 0.0
    r"""dropout on what attention and feed-forward add. Default 0.0; acts in training."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null takes hidden_dropout. Default None; acts in training."""
    slow_but_exact: bool = False
    r"""whether transformers adds up products in the order of training. Default False; without effect here."""
    pretraining_tp: int = 1
    r"""parts in which those products were added up in training. Default 1; without effect here."""
    bos_token_id: int | None = 1
    r"""id of the token that begins a text. Default 1; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""

class CamembertConfig(FamilyConfig):
    r"""The keys of a CamemBERT ``config.json`` (https://arxiv.org/abs/1911.03894).

    Args:
        vocab_size (int): entries of the vocabulary. Default 30522; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 768; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 12; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 12; changes results.
        intermediate_size (int): width inside the feed-forward. Default 3072; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.1; acts in training.
        max_position_embeddings (int): rows of the table of positions; those up to pad_token_id are no position. Default 512; gives the weights their shape.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-12; changes results.
        type_vocab_size (int): segments: first and second text. Default 2; gives the weights their shape.
        classifier_dropout (float | None): dropout before a head; null takes hidden_dropout_prob. Default None; acts in training.
        position_embedding_type (str): how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int): id of the padding token; positions count from behind it. Default 1; changes results.
        bos_token_id (int | None): id of the token that begins a text. Default 0; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 30522
    r"""entries of the vocabulary. Default 30522; gives the weights their shape."""
    hidden_size: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    num_hidden_layers: int = 12
    r"""blocks of the trunk. Default 12; gives the weights their shape."""
    num_attention_heads: int = 12
    r"""heads that share the width. Default 12; changes results."""
    intermediate_size: int = 3072
    r"""width inside the feed-forward. Default 3072; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    hidden_dropout_prob: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_probs_dropout_prob: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    max_position_embeddings: int = 512
    r"""rows of the table of positions; those up to pad_token_id are no position. Default 512; gives the weights their shape."""
    layer_norm_eps: float = 1e-12
    r"""added to the variance in every norm. Default 1e-12; changes results."""
    type_vocab_size: int = 2
    r"""segments: first and second text. Default 2; gives the weights their shape."""
    classifier_dropout: float | None = None
    r"""dropout before a head; null takes hidden_dropout_prob. Default None; acts in training."""
    position_embedding_type: str = "absolute"
    r"""how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented."""
    pad_token_id: int = 1
    r"""id of the padding token; positions count from behind it. Default 1; changes results."""
    bos_token_id: int | None = 0
    r"""id of the token that begins a text. Default 0; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""

class Cohere2Config(FamilyConfig):
    r"""The keys of a Command R7B ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 8192; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 256000; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 8192; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 22528; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 40; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 64; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default None; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-05; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        use_qk_norm (bool | None): a norm of heads that this family does not have. Default False; without effect here.
        logit_scale (float): factor on the scores of the vocabulary. Default 0.0625; changes results.
        sliding_window (int): tokens that a token sees in most layers, itself included. Default 4096; changes results.
        sliding_window_pattern (int): of so many layers the last has no window; layer_types go before. Default 4; changes results.
        layer_types (list[str] | None): which layers have a window; null: as the pattern says. Default None; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 5; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 255001; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 8192
    r"""longest text the model was made for, in tokens. Default 8192; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 256000
    r"""entries of the vocabulary. Default 256000; gives the weights their shape."""
    hidden_size: int = 8192
    r"""width of every hidden state. Default 8192; gives the weights their shape."""
    intermediate_size: int = 22528
    r"""width inside the feed-forward. Default 22528; gives the weights their shape."""
    num_hidden_layers: int = 40
    r"""blocks of the trunk. Default 40; gives the weights their shape."""
    num_attention_heads: int = 64
    r"""heads that share the width. Default 64; changes results."""
    num_key_value_heads: int | None = None
    r"""heads of keys and values; null: one per query head. Default None; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    layer_norm_eps: float = 1e-05
    r"""added to the variance in every norm. Default 1e-05; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    use_qk_norm: bool | None = False
    r"""a norm of heads that this family does not have. Default False; without effect here."""
    logit_scale: float = 0.0625
    r"""factor on the scores of the vocabulary. Default 0.0625; changes results."""
    sliding_window: int = 4096
    r"""tokens that a token sees in most layers, itself included. Default 4096; changes results."""
    sliding_window_pattern: int = 4
    r"""of so many layers the last has no window; layer_types go before. Default 4; changes results."""
    layer_types: list[str] | None = None
    r"""which layers have a window; null: as the pattern says. Default None; changes results."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""
    bos_token_id: int | None = 5
    r"""id of the token that begins a text. Default 5; without effect here."""
    eos_token_id: int | list[int] | None = 255001
    r"""id of the token that ends a text. Default 255001; without effect here."""

class CohereConfig(FamilyConfig):
    r"""The keys of a Command R ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 500000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 8192; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 256000; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 8192; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 22528; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 40; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 64; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default None; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-05; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        use_qk_norm (bool | None): whether each head's queries and keys are normed. Default False; gives the weights their shape.
        logit_scale (float): factor on the scores of the vocabulary. Default 0.0625; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 5; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 255001; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 500000.0
    r"""base of the rotary angles. Default 500000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 8192
    r"""longest text the model was made for, in tokens. Default 8192; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 256000
    r"""entries of the vocabulary. Default 256000; gives the weights their shape."""
    hidden_size: int = 8192
    r"""width of every hidden state. Default 8192; gives the weights their shape."""
    intermediate_size: int = 22528
    r"""width inside the feed-forward. Default 22528; gives the weights their shape."""
    num_hidden_layers: int = 40
    r"""blocks of the trunk. Default 40; gives the weights their shape."""
    num_attention_heads: int = 64
    r"""heads that share the width. Default 64; changes results."""
    num_key_value_heads: int | None = None
    r"""heads of keys and values; null: one per query head. Default None; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    layer_norm_eps: float = 1e-05
    r"""added to the variance in every norm. Default 1e-05; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    use_qk_norm: bool | None = False
    r"""whether each head's queries and keys are normed. Default False; gives the weights their shape."""
    logit_scale: float = 0.0625
    r"""factor on the scores of the vocabulary. Default 0.0625; changes results."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""
    bos_token_id: int | None = 5
    r"""id of the token that begins a text. Default 5; without effect here."""
    eos_token_id: int | list[int] | None = 255001
    r"""id of the token that ends a text. Default 255001; without effect here."""

class DebertaConfig(FamilyConfig):
    r"""The keys of a DeBERTa ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 50265; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 768; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 12; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 12; changes results.
        intermediate_size (int): width inside the feed-forward. Default 3072; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.1; acts in training.
        max_position_embeddings (int): longest text, in tokens. Default 512; gives the weights their shape.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-07; changes results.
        embedding_size (int | None): width of the embeddings; null: hidden_size. Default None; gives the weights their shape.
        type_vocab_size (int): number of segment types; 0 for none. Default 0; gives the weights their shape.
        relative_attention (bool): whether attention scores distances. Default False; gives the weights their shape.
        max_relative_positions (int): distinct distances on each side; below 1: max_position_embeddings. Default -1; gives the weights their shape.
        position_biased_input (bool): whether positions are added to the embeddings. Default True; gives the weights their shape.
        pos_att_type (list[str] | str | None): which scores distances enter: c2p those of queries, p2c those of keys. Default None; gives the weights their shape.
        talking_head (bool): whether heads are mixed before and after the softmax. Default False; changes results; only False is implemented.
        pooler_dropout (float): dropout before the pooler. Default 0.0; acts in training.
        pooler_hidden_act (str): activation of the pooler. Default 'gelu'; changes results.
        pooler_hidden_size (int | None): width of the pooler, which is hidden_size. Default None; without effect here.
        cls_dropout (float | None): dropout before the labels of whole texts; null takes hidden_dropout_prob. Default None; acts in training.
        legacy (bool): whether the masked-LM head goes by BERT's names. Default True; gives the weights their shape.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 50265
    r"""entries of the vocabulary. Default 50265; gives the weights their shape."""
    hidden_size: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    num_hidden_layers: int = 12
    r"""blocks of the trunk. Default 12; gives the weights their shape."""
    num_attention_heads: int = 12
    r"""heads that share the width. Default 12; changes results."""
    intermediate_size: int = 3072
    r"""width inside the feed-forward. Default 3072; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    hidden_dropout_prob: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_probs_dropout_prob: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    max_position_embeddings: int = 512
    r"""longest text, in tokens. Default 512; gives the weights their shape."""
    layer_norm_eps: float = 1e-07
    r"""added to the variance in every norm. Default 1e-07; changes results."""
    embedding_size: int | None = None
    r"""width of the embeddings; null: hidden_size. Default None; gives the weights their shape."""
    type_vocab_size: int = 0
    r"""number of segment types; 0 for none. Default 0; gives the weights their shape."""
    relative_attention: bool = False
    r"""whether attention scores distances. Default False; gives the weights their shape."""
    max_relative_positions: int = -1
    r"""distinct distances on each side; below 1: max_position_embeddings. Default -1; gives the weights their shape."""
    position_biased_input: bool = True
    r"""whether positions are added to the embeddings. Default True; gives the weights their shape."""
    pos_att_type: list[str] | str | None = None
    r"""which scores distances enter: c2p those of queries, p2c those of keys. Default None; gives the weights their shape."""
    talking_head: bool = False
    r"""whether heads are mixed before and after the softmax. Default False; changes results; only False is implemented."""
    pooler_dropout: float = 0.0
    r"""dropout before the pooler. Default 0.0; acts in training."""
    pooler_hidden_act: str = "gelu"
    r"""activation of the pooler. Default 'gelu'; changes results."""
    pooler_hidden_size: int | None = None
    r"""width of the pooler, which is hidden_size. Default None; without effect here."""
    cls_dropout: float | None = None
    r"""dropout before the labels of whole texts; null takes hidden_dropout_prob. Default None; acts in training."""
    legacy: bool = True
    r"""whether the masked-LM head goes by BERT's names. Default True; gives the weights their shape."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""

class DebertaV2Config(FamilyConfig):
    r"""The keys of a DeBERTa 2 or 3 ``config.json``.

    Args:
        vocab_size (int): entries of the vocabulary. Default 128100; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 1536; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 24; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 24; changes results.
        intermediate_size (int): width inside the feed-forward. Default 6144; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.1; acts in training.
        max_position_embeddings (int): longest text, in tokens. Default 512; gives the weights their shape.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-07; changes results.
        embedding_size (int | None): width of the embeddings; null: hidden_size. Default None; gives the weights their shape.
        type_vocab_size (int): number of segment types; 0 for none. Default 0; gives the weights their shape.
        relative_attention (bool): whether attention scores distances. Default False; gives the weights their shape.
        max_relative_positions (int): distinct distances on each side; below 1: max_position_embeddings. Default -1; gives the weights their shape.
        position_biased_input (bool): whether positions are added to the embeddings. Default True; gives the weights their shape.
        pos_att_type (list[str] | str | None): which scores distances enter: c2p those of queries, p2c those of keys. Default None; gives the weights their shape.
        talking_head (bool): whether heads are mixed before and after the softmax. Default False; changes results; only False is implemented.
        pooler_dropout (float): dropout before the pooler. Default 0.0; acts in training.
        pooler_hidden_act (str): activation of the pooler. Default 'gelu'; changes results.
        pooler_hidden_size (int | None): width of the pooler, which is hidden_size. Default None; without effect here.
        cls_dropout (float | None): dropout before the labels of whole texts; null takes hidden_dropout_prob. Default None; acts in training.
        legacy (bool): whether the masked-LM head goes by BERT's names. Default True; gives the weights their shape.
        attention_head_size (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        share_att_key (bool): whether distances are projected as tokens are, by the same weights. Default False; gives the weights their shape.
        position_buckets (int): rows of distances on each side, coarser further off; below 1: none. Default -1; gives the weights their shape.
        norm_rel_ebd (str): norm of the rows of distances. Default 'none'; gives the weights their shape.
        conv_kernel_size (int): tokens that the first block's convolution sees, odd; 0 for none. Default 0; gives the weights their shape.
        conv_groups (int): groups of units that are convolved apart. Default 1; gives the weights their shape.
        conv_act (str): activation of the convolution. Default 'tanh'; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 128100
    r"""entries of the vocabulary. Default 128100; gives the weights their shape."""
    hidden_size: int = 1536
    r"""width of every hidden state. Default 1536; gives the weights their shape."""
    num_hidden_layers: int = 24
    r"""blocks of the trunk. Default 24; gives the weights their shape."""
    num_attention_heads: int = 24
    r"""heads that share the width. Default 24; changes results."""
    intermediate_size: int = 6144
    r"""width inside the feed-forward. Default 6144; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    hidden_dropout_prob: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_probs_dropout_prob: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    max_position_embeddings: int = 512
    r"""longest text, in tokens. Default 512; gives the weights their shape."""
    layer_norm_eps: float = 1e-07
    r"""added to the variance in every norm. Default 1e-07; changes results."""
    embedding_size: int | None = None
    r"""width of the embeddings; null: hidden_size. Default None; gives the weights their shape."""
    type_vocab_size: int = 0
    r"""number of segment types; 0 for none. Default 0; gives the weights their shape."""
    relative_attention: bool = False
    r"""whether attention scores distances. Default False; gives the weights their shape."""
    max_relative_positions: int = -1
    r"""distinct distances on each side; below 1: max_position_embeddings. Default -1; gives the weights their shape."""
    position_biased_input: bool = True
    r"""whether positions are added to the embeddings. Default True; gives the weights their shape."""
    pos_att_type: list[str] | str | None = None
    r"""which scores distances enter: c2p those of queries, p2c those of keys. Default None; gives the weights their shape."""
    talking_head: bool = False
    r"""whether heads are mixed before and after the softmax. Default False; changes results; only False is implemented."""
    pooler_dropout: float = 0.0
    r"""dropout before the pooler. Default 0.0; acts in training."""
    pooler_hidden_act: str = "gelu"
    r"""activation of the pooler. Default 'gelu'; changes results."""
    pooler_hidden_size: int | None = None
    r"""width of the pooler, which is hidden_size. Default None; without effect here."""
    cls_dropout: float | None = None
    r"""dropout before the labels of whole texts; null takes hidden_dropout_prob. Default None; acts in training."""
    legacy: bool = True
    r"""whether the masked-LM head goes by BERT's names. Default True; gives the weights their shape."""
    attention_head_size: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    share_att_key: bool = False
    r"""whether distances are projected as tokens are, by the same weights. Default False; gives the weights their shape."""
    position_buckets: int = -1
    r"""rows of distances on each side, coarser further off; below 1: none. Default -1; gives the weights their shape."""
    norm_rel_ebd: str = "none"
    r"""norm of the rows of distances. Default 'none'; gives the weights their shape."""
    conv_kernel_size: int = 0
    r"""tokens that the first block's convolution sees, odd; 0 for none. Default 0; gives the weights their shape."""
    conv_groups: int = 1
    r"""groups of units that are convolved apart. Default 1; gives the weights their shape."""
    conv_act: str = "tanh"
    r"""activation of the convolution. Default 'tanh'; changes results."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""

class DeepseekV2Config(FamilyConfig):
    r"""The keys of a DeepSeek-V2 ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 2048; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 102400; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4096; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward of a layer without a mixture. Default 11008; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 32; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default None; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): repeats qk_rope_head_dim. Default None; without effect here.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-06; changes results.
        output_router_logits (bool): whether outputs hold the routers' scores. Default False; changes results; only False is implemented.
        router_aux_loss_coef (float): weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.001; without effect here.
        num_experts_per_tok (int): experts of a token. Default 6; changes results.
        first_k_dense_replace (int): first layers without a mixture. Default 0; gives the weights their shape.
        moe_intermediate_size (int): width inside an expert. Default 1407; gives the weights their shape.
        n_routed_experts (int): experts of a layer with a mixture. Default 64; gives the weights their shape.
        n_shared_experts (int): experts that all tokens share. Default 2; gives the weights their shape.
        n_group (int | None): groups of experts. Default None; changes results.
        topk_group (int | None): groups that a token's experts are of. Default None; changes results.
        routed_scaling_factor (float): factor on the weights of a token's experts. Default 1.0; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections to latent rows have a bias. Default False; gives the weights their shape.
        mlp_bias (bool): whether the feed-forward has a bias. Default False; gives the weights their shape.
        q_lora_rank (int | None): width of the row that queries are projected of; null: of the hidden state. Default 1536; gives the weights their shape.
        kv_lora_rank (int): width of the row that keys and values are projected of. Default 512; gives the weights their shape.
        qk_nope_head_dim (int): units of a head's queries and keys without positions. Default 128; gives the weights their shape.
        qk_rope_head_dim (int): units of a head's queries and keys that turn. Default 64; gives the weights their shape.
        v_head_dim (int): units of a head's values. Default 128; gives the weights their shape.
        topk_method (str): how experts are chosen. Default 'greedy'; changes results.
        norm_topk_prob (bool): whether the weights of a token's experts are divided by their sum. Default False; changes results; only False is implemented.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 2048
    r"""longest text the model was made for, in tokens. Default 2048; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 102400
    r"""entries of the vocabulary. Default 102400; gives the weights their shape."""
    hidden_size: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    intermediate_size: int = 11008
    r"""width inside the feed-forward of a layer without a mixture. Default 11008; gives the weights their shape."""
    num_hidden_layers: int = 32
    r"""blocks of the trunk. Default 32; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = None
    r"""heads of keys and values; null: one per query head. Default None; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = None
    r"""repeats qk_rope_head_dim. Default None; without effect here."""
    rms_norm_eps: float = 1e-06
    r"""added to the mean square in every norm. Default 1e-06; changes results."""
    output_router_logits: bool = False
    r"""whether outputs hold the routers' scores. Default False; changes results; only False is implemented."""
    router_aux_loss_coef: float = 0.001
    r"""weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.001; without effect here."""
    num_experts_per_tok: int = 6
    r"""experts of a token. Default 6; changes results."""
    first_k_dense_replace: int = 0
    r"""first layers without a mixture. Default 0; gives the weights their shape."""
    moe_intermediate_size: int = 1407
    r"""width inside an expert. Default 1407; gives the weights their shape."""
    n_routed_experts: int = 64
    r"""experts of a layer with a mixture. Default 64; gives the weights their shape."""
    n_shared_experts: int = 2
    r"""experts that all tokens share. Default 2; gives the weights their shape."""
    n_group: int | None = None
    r"""groups of experts. Default None; changes results."""
    topk_group: int | None = None
    r"""groups that a token's experts are of. Default None; changes results."""
    routed_scaling_factor: float = 1.0
    r"""factor on the weights of a token's experts. Default 1.0; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections to latent rows have a bias. Default False; gives the weights their shape."""
    mlp_bias: bool = False
    r"""whether the feed-forward has a bias. Default False; gives the weights their shape."""
    q_lora_rank: int | None = 1536
    r"""width of the row that queries are projected of; null: of the hidden state. Default 1536; gives the weights their shape."""
    kv_lora_rank: int = 512
    r"""width of the row that keys and values are projected of. Default 512; gives the weights their shape."""
    qk_nope_head_dim: int = 128
    r"""units of a head's queries and keys without positions. Default 128; gives the weights their shape."""
    qk_rope_head_dim: int = 64
    r"""units of a head's queries and keys that turn. Default 64; gives the weights their shape."""
    v_head_dim: int = 128
    r"""units of a head's values. Default 128; gives the weights their shape."""
    topk_method: str = "greedy"
    r"""how experts are chosen. Default 'greedy'; changes results."""
    norm_topk_prob: bool = False
    r"""whether the weights of a token's experts are divided by their sum. Default False; changes results; only False is implemented."""

class DeepseekV3Config(FamilyConfig):
    r"""The keys of a DeepSeek-V3 ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 4096; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 129280; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 7168; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward of a layer without a mixture. Default 18432; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 61; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 128; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default None; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): repeats qk_rope_head_dim. Default None; without effect here.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-06; changes results.
        output_router_logits (bool): whether outputs hold the routers' scores. Default False; changes results; only False is implemented.
        router_aux_loss_coef (float): weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.001; without effect here.
        num_experts_per_tok (int): experts of a token. Default 8; changes results.
        first_k_dense_replace (int): first layers without a mixture. Default 3; gives the weights their shape.
        moe_intermediate_size (int): width inside an expert. Default 2048; gives the weights their shape.
        n_routed_experts (int): experts of a layer with a mixture. Default 256; gives the weights their shape.
        n_shared_experts (int): experts that all tokens share. Default 1; gives the weights their shape.
        n_group (int | None): groups of experts. Default 8; changes results.
        topk_group (int | None): groups that a token's experts are of. Default 4; changes results.
        routed_scaling_factor (float): factor on the weights of a token's experts. Default 2.5; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections to latent rows have a bias. Default False; gives the weights their shape.
        mlp_bias (bool): whether the feed-forward has a bias. Default False; changes results; only False is implemented.
        q_lora_rank (int | None): width of the row that queries are projected of; null: of the hidden state. Default 1536; gives the weights their shape.
        kv_lora_rank (int): width of the row that keys and values are projected of. Default 512; gives the weights their shape.
        qk_nope_head_dim (int): units of a head's queries and keys without positions. Default 128; gives the weights their shape.
        qk_rope_head_dim (int): units of a head's queries and keys that turn. Default 64; gives the weights their shape.
        v_head_dim (int): units of a head's values. Default 128; gives the weights their shape.
        topk_method (str): how experts are chosen. Default 'noaux_tc'; changes results; only 'noaux_tc' is implemented.
        norm_topk_prob (bool): whether the weights of a token's experts are divided by their sum. Default True; changes results.
        rope_interleave (bool): whether neighbouring units turn together, or two halves. Default True; changes results.
        num_nextn_predict_layers (int): further layers, which predict the token after the next; torso reads none. Default 1; without effect here.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 0; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 1; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 4096
    r"""longest text the model was made for, in tokens. Default 4096; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 129280
    r"""entries of the vocabulary. Default 129280; gives the weights their shape."""
    hidden_size: int = 7168
    r"""width of every hidden state. Default 7168; gives the weights their shape."""
    intermediate_size: int = 18432
    r"""width inside the feed-forward of a layer without a mixture. Default 18432; gives the weights their shape."""
    num_hidden_layers: int = 61
    r"""blocks of the trunk. Default 61; gives the weights their shape."""
    num_attention_heads: int = 128
    r"""heads that share the width. Default 128; changes results."""
    num_key_value_heads: int | None = None
    r"""heads of keys and values; null: one per query head. Default None; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = None
    r"""repeats qk_rope_head_dim. Default None; without effect here."""
    rms_norm_eps: float = 1e-06
    r"""added to the mean square in every norm. Default 1e-06; changes results."""
    output_router_logits: bool = False
    r"""whether outputs hold the routers' scores. Default False; changes results; only False is implemented."""
    router_aux_loss_coef: float = 0.001
    r"""weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.001; without effect here."""
    num_experts_per_tok: int = 8
    r"""experts of a token. Default 8; changes results."""
    first_k_dense_replace: int = 3
    r"""first layers without a mixture. Default 3; gives the weights their shape."""
    moe_intermediate_size: int = 2048
    r"""width inside an expert. Default 2048; gives the weights their shape."""
    n_routed_experts: int = 256
    r"""experts of a layer with a mixture. Default 256; gives the weights their shape."""
    n_shared_experts: int = 1
    r"""experts that all tokens share. Default 1; gives the weights their shape."""
    n_group: int | None = 8
    r"""groups of experts. Default 8; changes results."""
    topk_group: int | None = 4
    r"""groups that a token's experts are of. Default 4; changes results."""
    routed_scaling_factor: float = 2.5
    r"""factor on the weights of a token's experts. Default 2.5; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections to latent rows have a bias. Default False; gives the weights their shape."""
    mlp_bias: bool = False
    r"""whether the feed-forward has a bias. Default False; changes results; only False is implemented."""
    q_lora_rank: int | None = 1536
    r"""width of the row that queries are projected of; null: of the hidden state. Default 1536; gives the weights their shape."""
    kv_lora_rank: int = 512
    r"""width of the row that keys and values are projected of. Default 512; gives the weights their shape."""
    qk_nope_head_dim: int = 128
    r"""units of a head's queries and keys without positions. Default 128; gives the weights their shape."""
    qk_rope_head_dim: int = 64
    r"""units of a head's queries and keys that turn. Default 64; gives the weights their shape."""
    v_head_dim: int = 128
    r"""units of a head's values. Default 128; gives the weights their shape."""
    topk_method: str = "noaux_tc"
    r"""how experts are chosen. Default 'noaux_tc'; changes results; only 'noaux_tc' is implemented."""
    norm_topk_prob: bool = True
    r"""whether the weights of a token's experts are divided by their sum. Default True; changes results."""
    rope_interleave: bool = True
    r"""whether neighbouring units turn together, or two halves. Default True; changes results."""
    num_nextn_predict_layers: int = 1
    r"""further layers, which predict the token after the next; torso reads none. Default 1; without effect here."""
    bos_token_id: int | None = 0
    r"""id of the token that begins a text. Default 0; without effect here."""
    eos_token_id: int | list[int] | None = 1
    r"""id of the token that ends a text. Default 1; without effect here."""

class DistilBertConfig(FamilyConfig):
    r"""The keys of a DistilBERT ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 30522; gives the weights their shape.
        dim (int): width of every hidden state. Default 768; gives the weights their shape.
        n_layers (int): blocks of the trunk. Default 6; gives the weights their shape.
        n_heads (int): heads that share the width. Default 12; changes results.
        hidden_dim (int): width inside the feed-forward. Default 3072; gives the weights their shape.
        activation (str): activation of the feed-forward. Default 'gelu'; changes results.
        max_position_embeddings (int): longest text, in tokens. Default 512; gives the weights their shape.
        sinusoidal_pos_embds (bool): whether the table of positions began as sines; it is read. Default False; without effect here.
        dropout (float): dropout on embeddings and feed-forwards, and before labels of tokens. Default 0.1; acts in training.
        attention_dropout (float): dropout on attention weights. Default 0.1; acts in training.
        seq_classif_dropout (float): dropout before labels of texts and before choices. Default 0.2; acts in training.
        qa_dropout (float): dropout before the places of an answer. Default 0.1; acts in training.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 30522
    r"""entries of the vocabulary. Default 30522; gives the weights their shape."""
    dim: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    n_layers: int = 6
    r"""blocks of the trunk. Default 6; gives the weights their shape."""
    n_heads: int = 12
    r"""heads that share the width. Default 12; changes results."""
    hidden_dim: int = 3072
    r"""width inside the feed-forward. Default 3072; gives the weights their shape."""
    activation: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    max_position_embeddings: int = 512
    r"""longest text, in tokens. Default 512; gives the weights their shape."""
    sinusoidal_pos_embds: bool = False
    r"""whether the table of positions began as sines; it is read. Default False; without effect here."""
    dropout: float = 0.1
    r"""dropout on embeddings and feed-forwards, and before labels of tokens. Default 0.1; acts in training."""
    attention_dropout: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    seq_classif_dropout: float = 0.2
    r"""dropout before labels of texts and before choices. Default 0.2; acts in training."""
    qa_dropout: float = 0.1
    r"""dropout before the places of an answer. Default 0.1; acts in training."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""

class ElectraConfig(FamilyConfig):
    r"""The keys of an ELECTRA ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 30522; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 256; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 12; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 4; changes results.
        intermediate_size (int): width inside the feed-forward. Default 1024; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.1; acts in training.
        max_position_embeddings (int): longest text, in tokens. Default 512; gives the weights their shape.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-12; changes results.
        type_vocab_size (int): segments: first and second text. Default 2; gives the weights their shape.
        classifier_dropout (float | None): dropout before a head; null takes hidden_dropout_prob. Default None; acts in training.
        position_embedding_type (str): how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented.
        embedding_size (int): width of the embeddings, before they are projected. Default 128; gives the weights their shape.
        summary_type (str): which token's row scores a choice. Default 'first'; changes results; only 'first' is implemented.
        summary_use_proj (bool): whether a layer of its own stands before the score of a choice. Default True; changes results; only True is implemented.
        summary_activation (str): activation of the layer before the score of a choice. Default 'gelu'; changes results.
        summary_last_dropout (float): dropout before the score of a choice. Default 0.1; acts in training.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 30522
    r"""entries of the vocabulary. Default 30522; gives the weights their shape."""
    hidden_size: int = 256
    r"""width of every hidden state. Default 256; gives the weights their shape."""
    num_hidden_layers: int = 12
    r"""blocks of the trunk. Default 12; gives the weights their shape."""
    num_attention_heads: int = 4
    r"""heads that share the width. Default 4; changes results."""
    intermediate_size: int = 1024
    r"""width inside the feed-forward. Default 1024; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    hidden_dropout_prob: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_probs_dropout_prob: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    max_position_embeddings: int = 512
    r"""longest text, in tokens. Default 512; gives the weights their shape."""
    layer_norm_eps: float = 1e-12
    r"""added to the variance in every norm. Default 1e-12; changes results."""
    type_vocab_size: int = 2
    r"""segments: first and second text. Default 2; gives the weights their shape."""
    classifier_dropout: float | None = None
    r"""dropout before a head; null takes hidden_dropout_prob. Default None; acts in training."""
    position_embedding_type: str = "absolute"
    r"""how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented."""
    embedding_size: int = 128
    r"""width of the embeddings, before they are projected. Default 128; gives the weights their shape."""
    summary_type: str = "first"
    r"""which token's row scores a choice. Default 'first'; changes results; only 'first' is implemented."""
    summary_use_proj: bool = True
    r"""whether a layer of its own stands before the score of a choice. Default True; changes results; only True is implemented."""
    summary_activation: str = "gelu"
    r"""activation of the layer before the score of a choice. Default 'gelu'; changes results."""
    summary_last_dropout: float = 0.1
    r"""dropout before the score of a choice. Default 0.1; acts in training."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""

class Ernie4_5_MoeConfig(FamilyConfig):
    r"""The keys of an ERNIE 4.5 ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 500000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 131072; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 103424; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 2560; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward of a layer without a mixture. Default 12288; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 28; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 20; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default 4; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; changes results; only 0.0 is implemented.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-05; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): repeats use_bias. Default False; changes results; only False is implemented.
        mlp_bias (bool): repeats use_bias. Default False; changes results; only False is implemented.
        output_router_logits (bool): whether outputs hold the routers' scores. Default False; changes results; only False is implemented.
        router_aux_loss_coef (float): weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.001; without effect here.
        use_bias (bool): whether attention, feed-forwards, shared experts and scores of tokens have a bias. Default False; gives the weights their shape.
        moe_intermediate_size (int): width inside an expert. Default 1536; gives the weights their shape.
        moe_k (int): experts of a token. Default 6; changes results.
        moe_num_experts (int): experts of a layer with a mixture. Default 64; gives the weights their shape.
        moe_num_shared_experts (int): experts that all tokens share. Default 2; gives the weights their shape.
        moe_layer_start_index (int): the first layer that may have a mixture, counted from 0. Default 1; gives the weights their shape.
        moe_layer_end_index (int): the last one; -1: the last of all. Default -1; gives the weights their shape.
        moe_layer_interval (int): of so many layers the last has a mixture. Default 1; gives the weights their shape.
        moe_norm_min (float): what the sum of a token's shares of experts is raised to. Default 1e-12; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 1; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 500000.0
    r"""base of the rotary angles. Default 500000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 131072
    r"""longest text the model was made for, in tokens. Default 131072; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 103424
    r"""entries of the vocabulary. Default 103424; gives the weights their shape."""
    hidden_size: int = 2560
    r"""width of every hidden state. Default 2560; gives the weights their shape."""
    intermediate_size: int = 12288
    r"""width inside the feed-forward of a layer without a mixture. Default 12288; gives the weights their shape."""
    num_hidden_layers: int = 28
    r"""blocks of the trunk. Default 28; gives the weights their shape."""
    num_attention_heads: int = 20
    r"""heads that share the width. Default 20; changes results."""
    num_key_value_heads: int | None = 4
    r"""heads of keys and values; null: one per query head. Default 4; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; changes results; only 0.0 is implemented."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    rms_norm_eps: float = 1e-05
    r"""added to the mean square in every norm. Default 1e-05; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""repeats use_bias. Default False; changes results; only False is implemented."""
    mlp_bias: bool = False
    r"""repeats use_bias. Default False; changes results; only False is implemented."""
    output_router_logits: bool = False
    r"""whether outputs hold the routers' scores. Default False; changes results; only False is implemented."""
    router_aux_loss_coef: float = 0.001
    r"""weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.001; without effect here."""
    use_bias: bool = False
    r"""whether attention, feed-forwards, shared experts and scores of tokens have a bias. Default False; gives the weights their shape."""
    moe_intermediate_size: int = 1536
    r"""width inside an expert. Default 1536; gives the weights their shape."""
    moe_k: int = 6
    r"""experts of a token. Default 6; changes results."""
    moe_num_experts: int = 64
    r"""experts of a layer with a mixture. Default 64; gives the weights their shape."""
    moe_num_shared_experts: int = 2
    r"""experts that all tokens share. Default 2; gives the weights their shape."""
    moe_layer_start_index: int = 1
    r"""the first layer that may have a mixture, counted from 0. Default 1; gives the weights their shape."""
    moe_layer_end_index: int = -1
    r"""the last one; -1: the last of all. Default -1; gives the weights their shape."""
    moe_layer_interval: int = 1
    r"""of so many layers the last has a mixture. Default 1; gives the weights their shape."""
    moe_norm_min: float = 1e-12
    r"""what the sum of a token's shares of experts is raised to. Default 1e-12; changes results."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""
    bos_token_id: int | None = 1
    r"""id of the token that begins a text. Default 1; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""

class ErnieConfig(FamilyConfig):
    r"""The keys of an ERNIE ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 30522; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 768; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 12; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 12; changes results.
        intermediate_size (int): width inside the feed-forward. Default 3072; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.1; acts in training.
        max_position_embeddings (int): longest text, in tokens. Default 512; gives the weights their shape.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-12; changes results.
        type_vocab_size (int): segments: first and second text. Default 2; gives the weights their shape.
        classifier_dropout (float | None): dropout before a head; null takes hidden_dropout_prob. Default None; acts in training.
        position_embedding_type (str): how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented.
        task_type_vocab_size (int): kinds of task that embeddings tell apart. Default 3; gives the weights their shape.
        use_task_id (bool): whether the embedding of the first kind of task is added. Default False; gives the weights their shape.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 30522
    r"""entries of the vocabulary. Default 30522; gives the weights their shape."""
    hidden_size: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    num_hidden_layers: int = 12
    r"""blocks of the trunk. Default 12; gives the weights their shape."""
    num_attention_heads: int = 12
    r"""heads that share the width. Default 12; changes results."""
    intermediate_size: int = 3072
    r"""width inside the feed-forward. Default 3072; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    hidden_dropout_prob: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_probs_dropout_prob: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    max_position_embeddings: int = 512
    r"""longest text, in tokens. Default 512; gives the weights their shape."""
    layer_norm_eps: float = 1e-12
    r"""added to the variance in every norm. Default 1e-12; changes results."""
    type_vocab_size: int = 2
    r"""segments: first and second text. Default 2; gives the weights their shape."""
    classifier_dropout: float | None = None
    r"""dropout before a head; null takes hidden_dropout_prob. Default None; acts in training."""
    position_embedding_type: str = "absolute"
    r"""how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented."""
    task_type_vocab_size: int = 3
    r"""kinds of task that embeddings tell apart. Default 3; gives the weights their shape."""
    use_task_id: bool = False
    r"""whether the embedding of the first kind of task is added. Default False; gives the weights their shape."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""

class EuroBertConfig(FamilyConfig):
    r"""The keys of a EuroBERT ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 8192; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 128256; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 768; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 3072; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 12; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 12; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default None; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): a dropout that this family never reads. Default None; without effect here.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-05; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        mlp_bias (bool): whether the feed-forward and the output matrix have a bias. Default False; gives the weights their shape.
        classifier_pooling (str): what labels of texts are read of: the first row, the mean of all, or the mean of all rows' own scores. Default 'late'; changes results.
        mask_token_id (int | None): id of the token that hides a word. Default 128002; without effect here.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 128001; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 128000; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 128001; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 8192
    r"""longest text the model was made for, in tokens. Default 8192; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 128256
    r"""entries of the vocabulary. Default 128256; gives the weights their shape."""
    hidden_size: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    intermediate_size: int = 3072
    r"""width inside the feed-forward. Default 3072; gives the weights their shape."""
    num_hidden_layers: int = 12
    r"""blocks of the trunk. Default 12; gives the weights their shape."""
    num_attention_heads: int = 12
    r"""heads that share the width. Default 12; changes results."""
    num_key_value_heads: int | None = None
    r"""heads of keys and values; null: one per query head. Default None; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""a dropout that this family never reads. Default None; without effect here."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    rms_norm_eps: float = 1e-05
    r"""added to the mean square in every norm. Default 1e-05; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    mlp_bias: bool = False
    r"""whether the feed-forward and the output matrix have a bias. Default False; gives the weights their shape."""
    classifier_pooling: str = "late"
    r"""what labels of texts are read of: the first row, the mean of all, or the mean of all rows' own scores. Default 'late'; changes results."""
    mask_token_id: int | None = 128002
    r"""id of the token that hides a word. Default 128002; without effect here."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""
    pad_token_id: int | None = 128001
    r"""id of the padding token; torso packs texts and needs none. Default 128001; without effect here."""
    bos_token_id: int | None = 128000
    r"""id of the token that begins a text. Default 128000; without effect here."""
    eos_token_id: int | list[int] | None = 128001
    r"""id of the token that ends a text. Default 128001; without effect here."""

class Exaone4Config(FamilyConfig):
    r"""The keys of an EXAONE 4 ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 2048; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 102400; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4096; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 16384; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 32; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default 32; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-05; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; changes results; only False is implemented.
        sliding_window (int | None): tokens that a token sees in most layers, itself included; null for all, and then every layer has positions. Default 4096; changes results.
        sliding_window_pattern (str | int | None): layers with (L) and without (G) a window, or every how many has none; layer_types go before. Default 4; changes results.
        layer_types (list[str] | None): which layers have a window; null: as the pattern says. Default None; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 0; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 2048
    r"""longest text the model was made for, in tokens. Default 2048; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 102400
    r"""entries of the vocabulary. Default 102400; gives the weights their shape."""
    hidden_size: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    intermediate_size: int = 16384
    r"""width inside the feed-forward. Default 16384; gives the weights their shape."""
    num_hidden_layers: int = 32
    r"""blocks of the trunk. Default 32; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = 32
    r"""heads of keys and values; null: one per query head. Default 32; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    rms_norm_eps: float = 1e-05
    r"""added to the mean square in every norm. Default 1e-05; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; changes results; only False is implemented."""
    sliding_window: int | None = 4096
    r"""tokens that a token sees in most layers, itself included; null for all, and then every layer has positions. Default 4096; changes results."""
    sliding_window_pattern: str | int | None = 4
    r"""layers with (L) and without (G) a window, or every how many has none; layer_types go before. Default 4; changes results."""
    layer_types: list[str] | None = None
    r"""which layers have a window; null: as the pattern says. Default None; changes results."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""
    bos_token_id: int | None = 0
    r"""id of the token that begins a text. Default 0; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""

class FalconConfig(FamilyConfig):
    r"""The keys of a Falcon ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 2048; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 65024; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4544; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 32; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 71; changes results.
        new_decoder_architecture (bool): whether keys have num_kv_heads heads, beside parallel branches (Falcon 40B). Default False; gives the weights their shape.
        num_kv_heads (int | None): heads of keys and values of the new architecture; null: one per query head. Default None; gives the weights their shape.
        multi_query (bool): whether all query heads share one of keys, before the new one. Default True; gives the weights their shape.
        parallel_attn (bool): whether the feed-forward reads what attention reads, or what it leaves. Default True; gives the weights their shape.
        num_ln_in_parallel_attn (int | None): norms of a block of the new architecture: 1 for both branches; 2 or null: one for each. Default None; gives the weights their shape.
        alibi (bool): whether scores fall off with distance, instead of rotary positions. Default False; changes results.
        bias (bool): whether projections have a bias. Default False; gives the weights their shape.
        ffn_hidden_size (int | None): width inside the feed-forward; null: four times hidden_size. Default None; gives the weights their shape.
        activation (str): activation of the feed-forward. Default 'gelu'; changes results.
        layer_norm_epsilon (float): added to the variance in every norm. Default 1e-05; changes results.
        hidden_dropout (float): dropout on what the branches add. Default 0.0; acts in training.
        attention_dropout (float): dropout on attention weights, with ALiBi alone. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null takes hidden_dropout. Default None; acts in training.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 11; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 11; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 2048
    r"""longest text the model was made for, in tokens. Default 2048; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 65024
    r"""entries of the vocabulary. Default 65024; gives the weights their shape."""
    hidden_size: int = 4544
    r"""width of every hidden state. Default 4544; gives the weights their shape."""
    num_hidden_layers: int = 32
    r"""blocks of the trunk. Default 32; gives the weights their shape."""
    num_attention_heads: int = 71
    r"""heads that share the width. Default 71; changes results."""
    new_decoder_architecture: bool = False
    r"""whether keys have num_kv_heads heads, beside parallel branches (Falcon 40B). Default False; gives the weights their shape."""
    num_kv_heads: int | None = None
    r"""heads of keys and values of the new architecture; null: one per query head. Default None; gives the weights their shape."""
    multi_query: bool = True
    r"""whether all query heads share one of keys, before the new one. Default True; gives the weights their shape."""
    parallel_attn: bool = True
    r"""whether the feed-forward reads what attention reads, or what it leaves. Default True; gives the weights their shape."""
    num_ln_in_parallel_attn: int | None = None
    r"""norms of a block of the new architecture: 1 for both branches; 2 or null: one for each. Default None; gives the weights their shape."""
    alibi: bool = False
    r"""whether scores fall off with distance, instead of rotary positions. Default False; changes results."""
    bias: bool = False
    r"""whether projections have a bias. Default False; gives the weights their shape."""
    ffn_hidden_size: int | None = None
    r"""width inside the feed-forward; null: four times hidden_size. Default None; gives the weights their shape."""
    activation: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    layer_norm_epsilon: float = 1e-05
    r"""added to the variance in every norm. Default 1e-05; changes results."""
    hidden_dropout: float = 0.0
    r"""dropout on what the branches add. Default 0.0; acts in training."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights, with ALiBi alone. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null takes hidden_dropout. Default None; acts in training."""
    bos_token_id: int | None = 11
    r"""id of the token that begins a text. Default 11; without effect here."""
    eos_token_id: int | list[int] | None = 11
    r"""id of the token that ends a text. Default 11; without effect here."""

class Gemma2Config(FamilyConfig):
    r"""The keys of a Gemma 2 ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 8192; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 256000; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 2304; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 9216; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 26; gives the weights their shape.
        num_attention_heads (int): query heads. Default 8; gives the weights their shape.
        num_key_value_heads (int): heads of keys and values. Default 4; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int): width of a head. Default 256; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-06; changes results.
        hidden_activation (str): activation of the feed-forward. Default 'gelu_pytorch_tanh'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        query_pre_attn_scalar (float): scores are divided by the root of it. Default 256; changes results.
        attn_logit_softcapping (float | None): what scores of attention stay below, by tanh; null for no cap. Default 50.0; changes results.
        final_logit_softcapping (float | None): what scores of the vocabulary stay below, by tanh; null for no cap. Default 30.0; changes results.
        sliding_window (int | None): tokens that a token sees, itself included; null for all. Default 4096; changes results.
        layer_types (list[str] | None): which layers have a window; null: as the family has them. Default None; changes results.
        use_bidirectional_attention (bool | None): whether a token sees those behind it too. Default None; changes results; only None is implemented.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 2; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 1; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 8192
    r"""longest text the model was made for, in tokens. Default 8192; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 256000
    r"""entries of the vocabulary. Default 256000; gives the weights their shape."""
    hidden_size: int = 2304
    r"""width of every hidden state. Default 2304; gives the weights their shape."""
    intermediate_size: int = 9216
    r"""width inside the feed-forward. Default 9216; gives the weights their shape."""
    num_hidden_layers: int = 26
    r"""blocks of the trunk. Default 26; gives the weights their shape."""
    num_attention_heads: int = 8
    r"""query heads. Default 8; gives the weights their shape."""
    num_key_value_heads: int = 4
    r"""heads of keys and values. Default 4; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int = 256
    r"""width of a head. Default 256; gives the weights their shape."""
    rms_norm_eps: float = 1e-06
    r"""added to the mean square in every norm. Default 1e-06; changes results."""
    hidden_activation: str = "gelu_pytorch_tanh"
    r"""activation of the feed-forward. Default 'gelu_pytorch_tanh'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    query_pre_attn_scalar: float = 256
    r"""scores are divided by the root of it. Default 256; changes results."""
    attn_logit_softcapping: float | None = 50.0
    r"""what scores of attention stay below, by tanh; null for no cap. Default 50.0; changes results."""
    final_logit_softcapping: float | None = 30.0
    r"""what scores of the vocabulary stay below, by tanh; null for no cap. Default 30.0; changes results."""
    sliding_window: int | None = 4096
    r"""tokens that a token sees, itself included; null for all. Default 4096; changes results."""
    layer_types: list[str] | None = None
    r"""which layers have a window; null: as the family has them. Default None; changes results."""
    use_bidirectional_attention: bool | None = None
    r"""whether a token sees those behind it too. Default None; changes results; only None is implemented."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""
    bos_token_id: int | None = 2
    r"""id of the token that begins a text. Default 2; without effect here."""
    eos_token_id: int | list[int] | None = 1
    r"""id of the token that ends a text. Default 1; without effect here."""

class Gemma3TextConfig(FamilyConfig):
    r"""The keys of a Gemma 3 ``config.json`` of text alone; EmbeddingGemma's too.

    Args:
        rope_theta (float): base of the rotary angles. Default 1000000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 131072; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 262208; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 2304; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 9216; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 26; gives the weights their shape.
        num_attention_heads (int): query heads. Default 8; gives the weights their shape.
        num_key_value_heads (int): heads of keys and values. Default 4; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int): width of a head. Default 256; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-06; changes results.
        hidden_activation (str): activation of the feed-forward. Default 'gelu_pytorch_tanh'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        query_pre_attn_scalar (float): scores are divided by the root of it. Default 256; changes results.
        attn_logit_softcapping (float | None): a cap that this family's attention never reads. Default None; without effect here.
        final_logit_softcapping (float | None): what scores of the vocabulary stay below, by tanh; null for no cap. Default None; changes results.
        sliding_window (int | None): tokens that a token sees, itself included; null for all. Default 4096; changes results.
        layer_types (list[str] | None): which layers have a window; null: as the family has them. Default None; changes results.
        use_bidirectional_attention (bool | None): whether a token sees those behind it too. Default False; changes results.
        sliding_window_pattern (int): of so many layers the last has no window; layer_types go before. Default 6; changes results.
        rope_local_base_freq (float): base of the rotary angles of layers with a window. Default 10000.0; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 2; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 1; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 1000000.0
    r"""base of the rotary angles. Default 1000000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 131072
    r"""longest text the model was made for, in tokens. Default 131072; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 262208
    r"""entries of the vocabulary. Default 262208; gives the weights their shape."""
    hidden_size: int = 2304
    r"""width of every hidden state. Default 2304; gives the weights their shape."""
    intermediate_size: int = 9216
    r"""width inside the feed-forward. Default 9216; gives the weights their shape."""
    num_hidden_layers: int = 26
    r"""blocks of the trunk. Default 26; gives the weights their shape."""
    num_attention_heads: int = 8
    r"""query heads. Default 8; gives the weights their shape."""
    num_key_value_heads: int = 4
    r"""heads of keys and values. Default 4; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int = 256
    r"""width of a head. Default 256; gives the weights their shape."""
    rms_norm_eps: float = 1e-06
    r"""added to the mean square in every norm. Default 1e-06; changes results."""
    hidden_activation: str = "gelu_pytorch_tanh"
    r"""activation of the feed-forward. Default 'gelu_pytorch_tanh'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    query_pre_attn_scalar: float = 256
    r"""scores are divided by the root of it. Default 256; changes results."""
    attn_logit_softcapping: float | None = None
    r"""a cap that this family's attention never reads. Default None; without effect here."""
    final_logit_softcapping: float | None = None
    r"""what scores of the vocabulary stay below, by tanh; null for no cap. Default None; changes results."""
    sliding_window: int | None = 4096
    r"""tokens that a token sees, itself included; null for all. Default 4096; changes results."""
    layer_types: list[str] | None = None
    r"""which layers have a window; null: as the family has them. Default None; changes results."""
    use_bidirectional_attention: bool | None = False
    r"""whether a token sees those behind it too. Default False; changes results."""
    sliding_window_pattern: int = 6
    r"""of so many layers the last has no window; layer_types go before. Default 6; changes results."""
    rope_local_base_freq: float = 10000.0
    r"""base of the rotary angles of layers with a window. Default 10000.0; changes results."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""
    bos_token_id: int | None = 2
    r"""id of the token that begins a text. Default 2; without effect here."""
    eos_token_id: int | list[int] | None = 1
    r"""id of the token that ends a text. Default 1; without effect here."""

class GemmaConfig(FamilyConfig):
    r"""The keys of a Gemma ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 8192; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 256000; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 3072; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 24576; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 28; gives the weights their shape.
        num_attention_heads (int): query heads. Default 16; gives the weights their shape.
        num_key_value_heads (int): heads of keys and values. Default 16; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int): width of a head. Default 256; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-06; changes results.
        hidden_act (str): activation of the feed-forward; gelu means its tanh form. Default 'gelu_pytorch_tanh'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        use_bidirectional_attention (bool | None): whether a token sees those behind it too. Default None; changes results; only None is implemented.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 2; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 1; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 8192
    r"""longest text the model was made for, in tokens. Default 8192; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 256000
    r"""entries of the vocabulary. Default 256000; gives the weights their shape."""
    hidden_size: int = 3072
    r"""width of every hidden state. Default 3072; gives the weights their shape."""
    intermediate_size: int = 24576
    r"""width inside the feed-forward. Default 24576; gives the weights their shape."""
    num_hidden_layers: int = 28
    r"""blocks of the trunk. Default 28; gives the weights their shape."""
    num_attention_heads: int = 16
    r"""query heads. Default 16; gives the weights their shape."""
    num_key_value_heads: int = 16
    r"""heads of keys and values. Default 16; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int = 256
    r"""width of a head. Default 256; gives the weights their shape."""
    rms_norm_eps: float = 1e-06
    r"""added to the mean square in every norm. Default 1e-06; changes results."""
    hidden_act: str = "gelu_pytorch_tanh"
    r"""activation of the feed-forward; gelu means its tanh form. Default 'gelu_pytorch_tanh'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    use_bidirectional_attention: bool | None = None
    r"""whether a token sees those behind it too. Default None; changes results; only None is implemented."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""
    bos_token_id: int | None = 2
    r"""id of the token that begins a text. Default 2; without effect here."""
    eos_token_id: int | list[int] | None = 1
    r"""id of the token that ends a text. Default 1; without effect here."""

class Glm4Config(FamilyConfig):
    r"""The keys of a GLM-4 ``config.json`` of 2025.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 0.5; changes results.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 131072; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 151552; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4096; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 13696; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 40; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default 2; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default 128; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1.5625e-07; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections into attention have a bias. Default True; gives the weights their shape.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 151329; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 0.5
    r"""share of a head's units that turn. Default 0.5; changes results."""
    max_position_embeddings: int = 131072
    r"""longest text the model was made for, in tokens. Default 131072; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 151552
    r"""entries of the vocabulary. Default 151552; gives the weights their shape."""
    hidden_size: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    intermediate_size: int = 13696
    r"""width inside the feed-forward. Default 13696; gives the weights their shape."""
    num_hidden_layers: int = 40
    r"""blocks of the trunk. Default 40; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = 2
    r"""heads of keys and values; null: one per query head. Default 2; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = 128
    r"""width of a head; null: hidden_size / num_attention_heads. Default 128; gives the weights their shape."""
    rms_norm_eps: float = 1.5625e-07
    r"""added to the mean square in every norm. Default 1.5625e-07; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = True
    r"""whether the projections into attention have a bias. Default True; gives the weights their shape."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""
    pad_token_id: int | None = 151329
    r"""id of the padding token; torso packs texts and needs none. Default 151329; without effect here."""

class Glm4MoeConfig(FamilyConfig):
    r"""The keys of a GLM-4.5 ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 0.5; changes results.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 131072; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 151552; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4096; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward of a layer without a mixture. Default 10944; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 46; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 96; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default 8; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default 128; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-05; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections into attention have a bias. Default False; gives the weights their shape.
        mlp_bias (bool): whether the feed-forward has a bias. Default False; changes results; only False is implemented.
        output_router_logits (bool): whether outputs hold the routers' scores. Default False; changes results; only False is implemented.
        router_aux_loss_coef (float): weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.001; without effect here.
        num_experts_per_tok (int): experts of a token. Default 8; changes results.
        first_k_dense_replace (int): first layers without a mixture. Default 1; gives the weights their shape.
        moe_intermediate_size (int): width inside an expert. Default 1408; gives the weights their shape.
        n_routed_experts (int): experts of a layer with a mixture. Default 128; gives the weights their shape.
        n_shared_experts (int): experts that all tokens share. Default 1; gives the weights their shape.
        n_group (int | None): groups of experts. Default 1; changes results.
        topk_group (int | None): groups that a token's experts are of. Default 1; changes results.
        routed_scaling_factor (float): factor on the weights of a token's experts. Default 1.0; changes results.
        use_qk_norm (bool): whether queries and keys are normed, each head's by itself. Default False; gives the weights their shape.
        norm_topk_prob (bool): whether the weights of a token's experts are divided by their sum. Default True; changes results.
        num_nextn_predict_layers (int): further layers, which predict the token after the next; torso reads none. Default 1; without effect here.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 0.5
    r"""share of a head's units that turn. Default 0.5; changes results."""
    max_position_embeddings: int = 131072
    r"""longest text the model was made for, in tokens. Default 131072; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 151552
    r"""entries of the vocabulary. Default 151552; gives the weights their shape."""
    hidden_size: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    intermediate_size: int = 10944
    r"""width inside the feed-forward of a layer without a mixture. Default 10944; gives the weights their shape."""
    num_hidden_layers: int = 46
    r"""blocks of the trunk. Default 46; gives the weights their shape."""
    num_attention_heads: int = 96
    r"""heads that share the width. Default 96; changes results."""
    num_key_value_heads: int | None = 8
    r"""heads of keys and values; null: one per query head. Default 8; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = 128
    r"""width of a head; null: hidden_size / num_attention_heads. Default 128; gives the weights their shape."""
    rms_norm_eps: float = 1e-05
    r"""added to the mean square in every norm. Default 1e-05; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections into attention have a bias. Default False; gives the weights their shape."""
    mlp_bias: bool = False
    r"""whether the feed-forward has a bias. Default False; changes results; only False is implemented."""
    output_router_logits: bool = False
    r"""whether outputs hold the routers' scores. Default False; changes results; only False is implemented."""
    router_aux_loss_coef: float = 0.001
    r"""weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.001; without effect here."""
    num_experts_per_tok: int = 8
    r"""experts of a token. Default 8; changes results."""
    first_k_dense_replace: int = 1
    r"""first layers without a mixture. Default 1; gives the weights their shape."""
    moe_intermediate_size: int = 1408
    r"""width inside an expert. Default 1408; gives the weights their shape."""
    n_routed_experts: int = 128
    r"""experts of a layer with a mixture. Default 128; gives the weights their shape."""
    n_shared_experts: int = 1
    r"""experts that all tokens share. Default 1; gives the weights their shape."""
    n_group: int | None = 1
    r"""groups of experts. Default 1; changes results."""
    topk_group: int | None = 1
    r"""groups that a token's experts are of. Default 1; changes results."""
    routed_scaling_factor: float = 1.0
    r"""factor on the weights of a token's experts. Default 1.0; changes results."""
    use_qk_norm: bool = False
    r"""whether queries and keys are normed, each head's by itself. Default False; gives the weights their shape."""
    norm_topk_prob: bool = True
    r"""whether the weights of a token's experts are divided by their sum. Default True; changes results."""
    num_nextn_predict_layers: int = 1
    r"""further layers, which predict the token after the next; torso reads none. Default 1; without effect here."""

class GlmConfig(FamilyConfig):
    r"""The keys of a GLM ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 0.5; changes results.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 131072; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 151552; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4096; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 13696; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 40; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default 2; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default 128; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1.5625e-07; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections into attention have a bias. Default True; gives the weights their shape.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 151329; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 0.5
    r"""share of a head's units that turn. Default 0.5; changes results."""
    max_position_embeddings: int = 131072
    r"""longest text the model was made for, in tokens. Default 131072; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 151552
    r"""entries of the vocabulary. Default 151552; gives the weights their shape."""
    hidden_size: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    intermediate_size: int = 13696
    r"""width inside the feed-forward. Default 13696; gives the weights their shape."""
    num_hidden_layers: int = 40
    r"""blocks of the trunk. Default 40; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = 2
    r"""heads of keys and values; null: one per query head. Default 2; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = 128
    r"""width of a head; null: hidden_size / num_attention_heads. Default 128; gives the weights their shape."""
    rms_norm_eps: float = 1.5625e-07
    r"""added to the mean square in every norm. Default 1.5625e-07; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = True
    r"""whether the projections into attention have a bias. Default True; gives the weights their shape."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""
    pad_token_id: int | None = 151329
    r"""id of the padding token; torso packs texts and needs none. Default 151329; without effect here."""

class GPT2Config(FamilyConfig):
    r"""The keys of a GPT-2 ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 50257; gives the weights their shape.
        n_positions (int): longest text, in tokens. Default 1024; gives the weights their shape.
        n_embd (int): width of every hidden state. Default 768; gives the weights their shape.
        n_layer (int): blocks of the trunk. Default 12; gives the weights their shape.
        n_head (int): heads that share the width. Default 12; changes results.
        n_inner (int | None): width inside the feed-forward; null: four times n_embd. Default None; gives the weights their shape.
        activation_function (str): activation of the feed-forward. Default 'gelu_new'; changes results.
        resid_pdrop (float): dropout on what attention and feed-forward add. Default 0.1; acts in training.
        embd_pdrop (float): dropout on embeddings. Default 0.1; acts in training.
        attn_pdrop (float): dropout on attention weights. Default 0.1; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        layer_norm_epsilon (float): added to the variance in every norm. Default 1e-05; changes results.
        scale_attn_weights (bool): whether scores are divided by the root of a head's width. Default True; changes results.
        scale_attn_by_inverse_layer_idx (bool): whether scores are divided by the block's number too, counted from 1. Default False; changes results.
        reorder_and_upcast_attn (bool): whether transformers computes scores in float32 and in another order. Default False; without effect here.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 50256; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 50256; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 50257
    r"""entries of the vocabulary. Default 50257; gives the weights their shape."""
    n_positions: int = 1024
    r"""longest text, in tokens. Default 1024; gives the weights their shape."""
    n_embd: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    n_layer: int = 12
    r"""blocks of the trunk. Default 12; gives the weights their shape."""
    n_head: int = 12
    r"""heads that share the width. Default 12; changes results."""
    n_inner: int | None = None
    r"""width inside the feed-forward; null: four times n_embd. Default None; gives the weights their shape."""
    activation_function: str = "gelu_new"
    r"""activation of the feed-forward. Default 'gelu_new'; changes results."""
    resid_pdrop: float = 0.1
    r"""dropout on what attention and feed-forward add. Default 0.1; acts in training."""
    embd_pdrop: float = 0.1
    r"""dropout on embeddings. Default 0.1; acts in training."""
    attn_pdrop: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    layer_norm_epsilon: float = 1e-05
    r"""added to the variance in every norm. Default 1e-05; changes results."""
    scale_attn_weights: bool = True
    r"""whether scores are divided by the root of a head's width. Default True; changes results."""
    scale_attn_by_inverse_layer_idx: bool = False
    r"""whether scores are divided by the block's number too, counted from 1. Default False; changes results."""
    reorder_and_upcast_attn: bool = False
    r"""whether transformers computes scores in float32 and in another order. Default False; without effect here."""
    bos_token_id: int | None = 50256
    r"""id of the token that begins a text. Default 50256; without effect here."""
    eos_token_id: int | list[int] | None = 50256
    r"""id of the token that ends a text. Default 50256; without effect here."""

class GPTJConfig(FamilyConfig):
    r"""The keys of a GPT-J ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 50400; gives the weights their shape.
        n_positions (int): longest text the model was made for, in tokens. Default 2048; changes results.
        n_embd (int): width of every hidden state. Default 4096; gives the weights their shape.
        n_layer (int): blocks of the trunk. Default 28; gives the weights their shape.
        n_head (int): heads that share the width. Default 16; changes results.
        rotary_dim (int): units of each head that turn. Default 64; changes results.
        n_inner (int | None): width inside the feed-forward; null: four times n_embd. Default None; gives the weights their shape.
        activation_function (str): activation of the feed-forward. Default 'gelu_new'; changes results.
        resid_pdrop (float): dropout on what attention and feed-forward add. Default 0.0; acts in training.
        embd_pdrop (float): dropout on embeddings. Default 0.0; acts in training.
        attn_pdrop (float): dropout on attention weights. Default 0.0; acts in training.
        layer_norm_epsilon (float): added to the variance in every norm. Default 1e-05; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 50256; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 50256; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 50400
    r"""entries of the vocabulary. Default 50400; gives the weights their shape."""
    n_positions: int = 2048
    r"""longest text the model was made for, in tokens. Default 2048; changes results."""
    n_embd: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    n_layer: int = 28
    r"""blocks of the trunk. Default 28; gives the weights their shape."""
    n_head: int = 16
    r"""heads that share the width. Default 16; changes results."""
    rotary_dim: int = 64
    r"""units of each head that turn. Default 64; changes results."""
    n_inner: int | None = None
    r"""width inside the feed-forward; null: four times n_embd. Default None; gives the weights their shape."""
    activation_function: str = "gelu_new"
    r"""activation of the feed-forward. Default 'gelu_new'; changes results."""
    resid_pdrop: float = 0.0
    r"""dropout on what attention and feed-forward add. Default 0.0; acts in training."""
    embd_pdrop: float = 0.0
    r"""dropout on embeddings. Default 0.0; acts in training."""
    attn_pdrop: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    layer_norm_epsilon: float = 1e-05
    r"""added to the variance in every norm. Default 1e-05; changes results."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""
    bos_token_id: int | None = 50256
    r"""id of the token that begins a text. Default 50256; without effect here."""
    eos_token_id: int | list[int] | None = 50256
    r"""id of the token that ends a text. Default 50256; without effect here."""

class GPTNeoConfig(FamilyConfig):
    r"""The keys of a GPT-Neo ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 50257; gives the weights their shape.
        max_position_embeddings (int): longest text, in tokens. Default 2048; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 2048; gives the weights their shape.
        num_layers (int): blocks of the trunk. Default 24; gives the weights their shape.
        num_heads (int): heads that share the width. Default 16; changes results.
        intermediate_size (int | None): width inside the feed-forward; null: four times hidden_size. Default None; gives the weights their shape.
        attention_types (list[Any] | None): kinds of layers, global or local, and how often they repeat; null: both in turn. Default None; changes results.
        attention_layers (list[str] | None): repeats attention_types layer by layer, which alone is read. Default None; without effect here.
        window_size (int): tokens that a token of a local layer sees, itself included. Default 256; changes results.
        activation_function (str): activation of the feed-forward. Default 'gelu_new'; changes results.
        resid_dropout (float): dropout on what attention and feed-forward add. Default 0.0; acts in training.
        embed_dropout (float): dropout on embeddings. Default 0.0; acts in training.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels. Default 0.1; acts in training.
        layer_norm_epsilon (float): added to the variance in every norm. Default 1e-05; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 50256; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 50256; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 50257
    r"""entries of the vocabulary. Default 50257; gives the weights their shape."""
    max_position_embeddings: int = 2048
    r"""longest text, in tokens. Default 2048; gives the weights their shape."""
    hidden_size: int = 2048
    r"""width of every hidden state. Default 2048; gives the weights their shape."""
    num_layers: int = 24
    r"""blocks of the trunk. Default 24; gives the weights their shape."""
    num_heads: int = 16
    r"""heads that share the width. Default 16; changes results."""
    intermediate_size: int | None = None
    r"""width inside the feed-forward; null: four times hidden_size. Default None; gives the weights their shape."""
    attention_types: list[Any] | None = None
    r"""kinds of layers, global or local, and how often they repeat; null: both in turn. Default None; changes results."""
    attention_layers: list[str] | None = None
    r"""repeats attention_types layer by layer, which alone is read. Default None; without effect here."""
    window_size: int = 256
    r"""tokens that a token of a local layer sees, itself included. Default 256; changes results."""
    activation_function: str = "gelu_new"
    r"""activation of the feed-forward. Default 'gelu_new'; changes results."""
    resid_dropout: float = 0.0
    r"""dropout on what attention and feed-forward add. Default 0.0; acts in training."""
    embed_dropout: float = 0.0
    r"""dropout on embeddings. Default 0.0; acts in training."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = 0.1
    r"""dropout before a head of labels. Default 0.1; acts in training."""
    layer_norm_epsilon: float = 1e-05
    r"""added to the variance in every norm. Default 1e-05; changes results."""
    bos_token_id: int | None = 50256
    r"""id of the token that begins a text. Default 50256; without effect here."""
    eos_token_id: int | list[int] | None = 50256
    r"""id of the token that ends a text. Default 50256; without effect here."""

class GPTNeoXConfig(FamilyConfig):
    r"""The keys of a GPT-NeoX ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): repeats rotary_emb_base, which alone is read. Default 10000.0; without effect here.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): repeats rotary_pct, which alone is read. Default 0.25; without effect here.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 2048; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 50432; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 6144; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 44; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 64; changes results.
        intermediate_size (int): width inside the feed-forward. Default 24576; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu'; changes results.
        rotary_pct (float): share of a head's units that turn. Default 0.25; changes results.
        rotary_emb_base (float): base of the rotary angles. Default 10000.0; changes results.
        use_parallel_residual (bool): whether the feed-forward reads what attention reads, or what it leaves. Default True; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default True; gives the weights their shape.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-05; changes results.
        hidden_dropout (float): dropout on embeddings and on what attention and feed-forward add. Default 0.0; acts in training.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float): dropout before a head of labels. Default 0.1; acts in training.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 0; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only; these always do. Default False; without effect here.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""repeats rotary_emb_base, which alone is read. Default 10000.0; without effect here."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 0.25
    r"""repeats rotary_pct, which alone is read. Default 0.25; without effect here."""
    max_position_embeddings: int = 2048
    r"""longest text the model was made for, in tokens. Default 2048; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 50432
    r"""entries of the vocabulary. Default 50432; gives the weights their shape."""
    hidden_size: int = 6144
    r"""width of every hidden state. Default 6144; gives the weights their shape."""
    num_hidden_layers: int = 44
    r"""blocks of the trunk. Default 44; gives the weights their shape."""
    num_attention_heads: int = 64
    r"""heads that share the width. Default 64; changes results."""
    intermediate_size: int = 24576
    r"""width inside the feed-forward. Default 24576; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    rotary_pct: float = 0.25
    r"""share of a head's units that turn. Default 0.25; changes results."""
    rotary_emb_base: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    use_parallel_residual: bool = True
    r"""whether the feed-forward reads what attention reads, or what it leaves. Default True; changes results."""
    attention_bias: bool = True
    r"""whether the projections of attention have a bias. Default True; gives the weights their shape."""
    layer_norm_eps: float = 1e-05
    r"""added to the variance in every norm. Default 1e-05; changes results."""
    hidden_dropout: float = 0.0
    r"""dropout on embeddings and on what attention and feed-forward add. Default 0.0; acts in training."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float = 0.1
    r"""dropout before a head of labels. Default 0.1; acts in training."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""
    bos_token_id: int | None = 0
    r"""id of the token that begins a text. Default 0; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""

class GptOssConfig(FamilyConfig):
    r"""The keys of a gpt-oss ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 150000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 131072; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 201088; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 2880; gives the weights their shape.
        intermediate_size (int): width inside an expert. Default 2880; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 36; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 64; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default 8; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default 64; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-05; changes results.
        output_router_logits (bool): whether outputs hold the routers' scores. Default False; changes results; only False is implemented.
        router_aux_loss_coef (float): weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.001; without effect here.
        num_experts_per_tok (int): experts of a token. Default 4; changes results.
        num_local_experts (int): experts of a layer. Default 128; gives the weights their shape.
        swiglu_alpha (float): slope of the gates of experts. Default 1.702; changes results.
        swiglu_limit (float): bound of what experts gate, and of their gates. Default 7.0; changes results.
        hidden_act (str): activation of the experts. Default 'silu'; changes results; only 'silu' is implemented.
        attention_bias (bool): whether the projections of attention have a bias. Default True; gives the weights their shape.
        sliding_window (int | None): tokens that a token sees in layers with a window, itself included; null for all. Default 128; changes results.
        layer_types (list[str] | None): which layers have a window; null: every other one. Default None; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 150000.0
    r"""base of the rotary angles. Default 150000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 131072
    r"""longest text the model was made for, in tokens. Default 131072; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 201088
    r"""entries of the vocabulary. Default 201088; gives the weights their shape."""
    hidden_size: int = 2880
    r"""width of every hidden state. Default 2880; gives the weights their shape."""
    intermediate_size: int = 2880
    r"""width inside an expert. Default 2880; gives the weights their shape."""
    num_hidden_layers: int = 36
    r"""blocks of the trunk. Default 36; gives the weights their shape."""
    num_attention_heads: int = 64
    r"""heads that share the width. Default 64; changes results."""
    num_key_value_heads: int | None = 8
    r"""heads of keys and values; null: one per query head. Default 8; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = 64
    r"""width of a head; null: hidden_size / num_attention_heads. Default 64; gives the weights their shape."""
    rms_norm_eps: float = 1e-05
    r"""added to the mean square in every norm. Default 1e-05; changes results."""
    output_router_logits: bool = False
    r"""whether outputs hold the routers' scores. Default False; changes results; only False is implemented."""
    router_aux_loss_coef: float = 0.001
    r"""weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.001; without effect here."""
    num_experts_per_tok: int = 4
    r"""experts of a token. Default 4; changes results."""
    num_local_experts: int = 128
    r"""experts of a layer. Default 128; gives the weights their shape."""
    swiglu_alpha: float = 1.702
    r"""slope of the gates of experts. Default 1.702; changes results."""
    swiglu_limit: float = 7.0
    r"""bound of what experts gate, and of their gates. Default 7.0; changes results."""
    hidden_act: str = "silu"
    r"""activation of the experts. Default 'silu'; changes results; only 'silu' is implemented."""
    attention_bias: bool = True
    r"""whether the projections of attention have a bias. Default True; gives the weights their shape."""
    sliding_window: int | None = 128
    r"""tokens that a token sees in layers with a window, itself included; null for all. Default 128; changes results."""
    layer_types: list[str] | None = None
    r"""which layers have a window; null: every other one. Default None; changes results."""

class GraniteConfig(FamilyConfig):
    r"""The keys of a Granite ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 2048; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 32000; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4096; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 11008; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 32; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default None; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-06; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        mlp_bias (bool): whether the feed-forward has a bias. Default False; gives the weights their shape.
        embedding_multiplier (float): factor on the token embeddings. Default 1.0; changes results.
        attention_multiplier (float): factor on the scores of attention. Default 1.0; changes results.
        residual_multiplier (float): factor on what attention and feed-forward add. Default 1.0; changes results.
        logits_scaling (float): what scores of the vocabulary are divided by. Default 1.0; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 1; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 2048
    r"""longest text the model was made for, in tokens. Default 2048; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 32000
    r"""entries of the vocabulary. Default 32000; gives the weights their shape."""
    hidden_size: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    intermediate_size: int = 11008
    r"""width inside the feed-forward. Default 11008; gives the weights their shape."""
    num_hidden_layers: int = 32
    r"""blocks of the trunk. Default 32; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = None
    r"""heads of keys and values; null: one per query head. Default None; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    rms_norm_eps: float = 1e-06
    r"""added to the mean square in every norm. Default 1e-06; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    mlp_bias: bool = False
    r"""whether the feed-forward has a bias. Default False; gives the weights their shape."""
    embedding_multiplier: float = 1.0
    r"""factor on the token embeddings. Default 1.0; changes results."""
    attention_multiplier: float = 1.0
    r"""factor on the scores of attention. Default 1.0; changes results."""
    residual_multiplier: float = 1.0
    r"""factor on what attention and feed-forward add. Default 1.0; changes results."""
    logits_scaling: float = 1.0
    r"""what scores of the vocabulary are divided by. Default 1.0; changes results."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""
    bos_token_id: int | None = 1
    r"""id of the token that begins a text. Default 1; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""

class GteConfig(FamilyConfig):
    r"""The keys of a GTE ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 250048; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 768; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 12; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 12; changes results.
        intermediate_size (int): width inside the feed-forward. Default 3072; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.0; acts in training.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 8192; changes results.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-12; changes results.
        rope_theta (float): base of the rotary angles. Default 160000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        type_vocab_size (int): number of segment types; 0 for none. Default 1; gives the weights their shape.
        classifier_dropout (float | None): dropout before a head; null takes hidden_dropout_prob. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        position_embedding_type (str): how positions enter the model. Default 'rope'; changes results; only 'rope' is implemented.
        layer_norm_type (str): norm of the blocks. Default 'layer_norm'; changes results; only 'layer_norm' is implemented.
        pack_qkv (bool): whether queries, keys and values are one matrix in files. Default True; changes results; only True is implemented.
        logn_attention_scale (bool): whether scores grow with the logarithm of a text's length. Default False; changes results; only False is implemented.
        logn_attention_clip1 (bool): bound of that growth. Default False; without effect here.
        unpad_inputs (bool): a memory mode of the first code. Default False; without effect here.
        use_memory_efficient_attention (bool): another memory mode of the first code. Default False; without effect here.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 1; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 250048
    r"""entries of the vocabulary. Default 250048; gives the weights their shape."""
    hidden_size: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    num_hidden_layers: int = 12
    r"""blocks of the trunk. Default 12; gives the weights their shape."""
    num_attention_heads: int = 12
    r"""heads that share the width. Default 12; changes results."""
    intermediate_size: int = 3072
    r"""width inside the feed-forward. Default 3072; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    hidden_dropout_prob: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_probs_dropout_prob: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    max_position_embeddings: int = 8192
    r"""longest text the model was made for, in tokens. Default 8192; changes results."""
    layer_norm_eps: float = 1e-12
    r"""added to the variance in every norm. Default 1e-12; changes results."""
    rope_theta: float = 160000.0
    r"""base of the rotary angles. Default 160000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    type_vocab_size: int = 1
    r"""number of segment types; 0 for none. Default 1; gives the weights their shape."""
    classifier_dropout: float | None = None
    r"""dropout before a head; null takes hidden_dropout_prob. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    position_embedding_type: str = "rope"
    r"""how positions enter the model. Default 'rope'; changes results; only 'rope' is implemented."""
    layer_norm_type: str = "layer_norm"
    r"""norm of the blocks. Default 'layer_norm'; changes results; only 'layer_norm' is implemented."""
    pack_qkv: bool = True
    r"""whether queries, keys and values are one matrix in files. Default True; changes results; only True is implemented."""
    logn_attention_scale: bool = False
    r"""whether scores grow with the logarithm of a text's length. Default False; changes results; only False is implemented."""
    logn_attention_clip1: bool = False
    r"""bound of that growth. Default False; without effect here."""
    unpad_inputs: bool = False
    r"""a memory mode of the first code. Default False; without effect here."""
    use_memory_efficient_attention: bool = False
    r"""another memory mode of the first code. Default False; without effect here."""
    pad_token_id: int | None = 1
    r"""id of the padding token; torso packs texts and needs none. Default 1; without effect here."""

class JinaBertConfig(FamilyConfig):
    r"""The keys of a JinaBERT ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 30522; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 768; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 12; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 12; changes results.
        intermediate_size (int): width inside the feed-forward. Default 3072; gives the weights their shape.
        hidden_act (str): activation of the masked-language head. Default 'gelu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.1; acts in training.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 8192; changes results.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-12; changes results.
        feed_forward_type (str): activation of the feed-forward's gate: GELU or ReLU. Default 'geglu'; changes results.
        type_vocab_size (int): segments: first and second text. Default 2; gives the weights their shape.
        classifier_dropout (float | None): dropout before a head; null takes hidden_dropout_prob. Default None; acts in training.
        position_embedding_type (str): how positions enter the model. Default 'alibi'; changes results; only 'alibi' is implemented.
        emb_pooler (str | None): how the first code pooled; torso follows the folder's modules. Default None; without effect here.
        attn_implementation (str | None): implementation that the first code chose. Default None; without effect here.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 30522
    r"""entries of the vocabulary. Default 30522; gives the weights their shape."""
    hidden_size: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    num_hidden_layers: int = 12
    r"""blocks of the trunk. Default 12; gives the weights their shape."""
    num_attention_heads: int = 12
    r"""heads that share the width. Default 12; changes results."""
    intermediate_size: int = 3072
    r"""width inside the feed-forward. Default 3072; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the masked-language head. Default 'gelu'; changes results."""
    hidden_dropout_prob: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_probs_dropout_prob: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    max_position_embeddings: int = 8192
    r"""longest text the model was made for, in tokens. Default 8192; changes results."""
    layer_norm_eps: float = 1e-12
    r"""added to the variance in every norm. Default 1e-12; changes results."""
    feed_forward_type: str = "geglu"
    r"""activation of the feed-forward's gate: GELU or ReLU. Default 'geglu'; changes results."""
    type_vocab_size: int = 2
    r"""segments: first and second text. Default 2; gives the weights their shape."""
    classifier_dropout: float | None = None
    r"""dropout before a head; null takes hidden_dropout_prob. Default None; acts in training."""
    position_embedding_type: str = "alibi"
    r"""how positions enter the model. Default 'alibi'; changes results; only 'alibi' is implemented."""
    emb_pooler: str | None = None
    r"""how the first code pooled; torso follows the folder's modules. Default None; without effect here."""
    attn_implementation: str | None = None
    r"""implementation that the first code chose. Default None; without effect here."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""

class JinaEmbeddingsV3Config(FamilyConfig):
    r"""The keys of a Jina Embeddings v3 ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 250002; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 1024; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 24; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 16; changes results.
        intermediate_size (int): width inside the feed-forward. Default 4096; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.1; acts in training.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 8194; changes results.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-05; changes results.
        rope_theta (float): base of the rotary angles. Default 20000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        type_vocab_size (int): segments: first and second text. Default 1; gives the weights their shape.
        classifier_dropout (float | None): dropout before a head; null takes hidden_dropout_prob. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 1; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 0; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 250002
    r"""entries of the vocabulary. Default 250002; gives the weights their shape."""
    hidden_size: int = 1024
    r"""width of every hidden state. Default 1024; gives the weights their shape."""
    num_hidden_layers: int = 24
    r"""blocks of the trunk. Default 24; gives the weights their shape."""
    num_attention_heads: int = 16
    r"""heads that share the width. Default 16; changes results."""
    intermediate_size: int = 4096
    r"""width inside the feed-forward. Default 4096; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    hidden_dropout_prob: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_probs_dropout_prob: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    max_position_embeddings: int = 8194
    r"""longest text the model was made for, in tokens. Default 8194; changes results."""
    layer_norm_eps: float = 1e-05
    r"""added to the variance in every norm. Default 1e-05; changes results."""
    rope_theta: float = 20000.0
    r"""base of the rotary angles. Default 20000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    type_vocab_size: int = 1
    r"""segments: first and second text. Default 1; gives the weights their shape."""
    classifier_dropout: float | None = None
    r"""dropout before a head; null takes hidden_dropout_prob. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    pad_token_id: int | None = 1
    r"""id of the padding token; torso packs texts and needs none. Default 1; without effect here."""
    bos_token_id: int | None = 0
    r"""id of the token that begins a text. Default 0; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""

class LlamaConfig(FamilyConfig):
    r"""The keys of a Llama ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 2048; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 32000; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4096; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 11008; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 32; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default None; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-06; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        mlp_bias (bool): whether the feed-forward has a bias. Default False; gives the weights their shape.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 2048
    r"""longest text the model was made for, in tokens. Default 2048; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 32000
    r"""entries of the vocabulary. Default 32000; gives the weights their shape."""
    hidden_size: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    intermediate_size: int = 11008
    r"""width inside the feed-forward. Default 11008; gives the weights their shape."""
    num_hidden_layers: int = 32
    r"""blocks of the trunk. Default 32; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = None
    r"""heads of keys and values; null: one per query head. Default None; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    rms_norm_eps: float = 1e-06
    r"""added to the mean square in every norm. Default 1e-06; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    mlp_bias: bool = False
    r"""whether the feed-forward has a bias. Default False; gives the weights their shape."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""

class M2M100Config(FamilyConfig):
    r"""The keys of an M2M-100 or NLLB ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 128112; gives the weights their shape.
        d_model (int): width of every hidden state. Default 1024; gives the weights their shape.
        encoder_layers (int): blocks of the encoder. Default 12; gives the weights their shape.
        decoder_layers (int): blocks of the decoder. Default 12; gives the weights their shape.
        encoder_attention_heads (int): heads that share the width, in the encoder. Default 16; changes results.
        decoder_attention_heads (int): heads that share the width, in the decoder. Default 16; changes results.
        encoder_ffn_dim (int): width inside the feed-forward of the encoder. Default 4096; gives the weights their shape.
        decoder_ffn_dim (int): width inside the feed-forward of the decoder. Default 4096; gives the weights their shape.
        activation_function (str): activation of the feed-forward. Default 'relu'; changes results.
        max_position_embeddings (int): longest text, in tokens. Default 1024; gives the weights their shape.
        scale_embedding (bool): whether token embeddings are scaled by the root of the width. Default True; changes results.
        dropout (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_dropout (float): dropout on attention weights. Default 0.1; acts in training.
        activation_dropout (float): dropout inside the feed-forward. Default 0.0; acts in training.
        encoder_layerdrop (float): probability of leaving out a block of the encoder. Default 0.05; acts in training.
        decoder_layerdrop (float): probability of leaving out a block of the decoder. Default 0.05; acts in training.
        decoder_start_token_id (int | None): id of the token that a target begins with. Default 2; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int): id of the padding token, whose embedding does not learn; positions count from behind it. Default 1; changes results.
        bos_token_id (int | None): id of the token that begins a text. Default 0; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the file holds a decoder too; the weights tell. Default True; without effect here.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 128112
    r"""entries of the vocabulary. Default 128112; gives the weights their shape."""
    d_model: int = 1024
    r"""width of every hidden state. Default 1024; gives the weights their shape."""
    encoder_layers: int = 12
    r"""blocks of the encoder. Default 12; gives the weights their shape."""
    decoder_layers: int = 12
    r"""blocks of the decoder. Default 12; gives the weights their shape."""
    encoder_attention_heads: int = 16
    r"""heads that share the width, in the encoder. Default 16; changes results."""
    decoder_attention_heads: int = 16
    r"""heads that share the width, in the decoder. Default 16; changes results."""
    encoder_ffn_dim: int = 4096
    r"""width inside the feed-forward of the encoder. Default 4096; gives the weights their shape."""
    decoder_ffn_dim: int = 4096
    r"""width inside the feed-forward of the decoder. Default 4096; gives the weights their shape."""
    activation_function: str = "relu"
    r"""activation of the feed-forward. Default 'relu'; changes results."""
    max_position_embeddings: int = 1024
    r"""longest text, in tokens. Default 1024; gives the weights their shape."""
    scale_embedding: bool = True
    r"""whether token embeddings are scaled by the root of the width. Default True; changes results."""
    dropout: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_dropout: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    activation_dropout: float = 0.0
    r"""dropout inside the feed-forward. Default 0.0; acts in training."""
    encoder_layerdrop: float = 0.05
    r"""probability of leaving out a block of the encoder. Default 0.05; acts in training."""
    decoder_layerdrop: float = 0.05
    r"""probability of leaving out a block of the decoder. Default 0.05; acts in training."""
    decoder_start_token_id: int | None = 2
    r"""id of the token that a target begins with. Default 2; changes results."""
    pad_token_id: int = 1
    r"""id of the padding token, whose embedding does not learn; positions count from behind it. Default 1; changes results."""
    bos_token_id: int | None = 0
    r"""id of the token that begins a text. Default 0; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""
    is_encoder_decoder: bool = True
    r"""whether the file holds a decoder too; the weights tell. Default True; without effect here."""

class MarianConfig(FamilyConfig):
    r"""The keys of a Marian ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 58101; gives the weights their shape.
        d_model (int): width of every hidden state. Default 1024; gives the weights their shape.
        encoder_layers (int): blocks of the encoder. Default 12; gives the weights their shape.
        decoder_layers (int): blocks of the decoder. Default 12; gives the weights their shape.
        encoder_attention_heads (int): heads that share the width, in the encoder. Default 16; changes results.
        decoder_attention_heads (int): heads that share the width, in the decoder. Default 16; changes results.
        encoder_ffn_dim (int): width inside the feed-forward of the encoder. Default 4096; gives the weights their shape.
        decoder_ffn_dim (int): width inside the feed-forward of the decoder. Default 4096; gives the weights their shape.
        activation_function (str): activation of the feed-forward. Default 'gelu'; changes results.
        max_position_embeddings (int): longest text, in tokens. Default 1024; gives the weights their shape.
        scale_embedding (bool): whether token embeddings are scaled by the root of the width. Default False; changes results.
        dropout (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        activation_dropout (float): dropout inside the feed-forward. Default 0.0; acts in training.
        encoder_layerdrop (float): probability of leaving out a block of the encoder. Default 0.0; acts in training.
        decoder_layerdrop (float): probability of leaving out a block of the decoder. Default 0.0; acts in training.
        decoder_start_token_id (int | None): id of the token that a target begins with. Default 58100; changes results.
        decoder_vocab_size (int | None): entries of the decoder's own vocabulary; null: as vocab_size. Default None; gives the weights their shape.
        share_encoder_decoder_embeddings (bool): whether encoder and decoder have one vocabulary and one table. Default True; gives the weights their shape.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token, whose embedding does not learn. Default 58100; acts in training.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 0; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the file holds a decoder too; the weights tell. Default True; without effect here.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 58101
    r"""entries of the vocabulary. Default 58101; gives the weights their shape."""
    d_model: int = 1024
    r"""width of every hidden state. Default 1024; gives the weights their shape."""
    encoder_layers: int = 12
    r"""blocks of the encoder. Default 12; gives the weights their shape."""
    decoder_layers: int = 12
    r"""blocks of the decoder. Default 12; gives the weights their shape."""
    encoder_attention_heads: int = 16
    r"""heads that share the width, in the encoder. Default 16; changes results."""
    decoder_attention_heads: int = 16
    r"""heads that share the width, in the decoder. Default 16; changes results."""
    encoder_ffn_dim: int = 4096
    r"""width inside the feed-forward of the encoder. Default 4096; gives the weights their shape."""
    decoder_ffn_dim: int = 4096
    r"""width inside the feed-forward of the decoder. Default 4096; gives the weights their shape."""
    activation_function: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    max_position_embeddings: int = 1024
    r"""longest text, in tokens. Default 1024; gives the weights their shape."""
    scale_embedding: bool = False
    r"""whether token embeddings are scaled by the root of the width. Default False; changes results."""
    dropout: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    activation_dropout: float = 0.0
    r"""dropout inside the feed-forward. Default 0.0; acts in training."""
    encoder_layerdrop: float = 0.0
    r"""probability of leaving out a block of the encoder. Default 0.0; acts in training."""
    decoder_layerdrop: float = 0.0
    r"""probability of leaving out a block of the decoder. Default 0.0; acts in training."""
    decoder_start_token_id: int | None = 58100
    r"""id of the token that a target begins with. Default 58100; changes results."""
    decoder_vocab_size: int | None = None
    r"""entries of the decoder's own vocabulary; null: as vocab_size. Default None; gives the weights their shape."""
    share_encoder_decoder_embeddings: bool = True
    r"""whether encoder and decoder have one vocabulary and one table. Default True; gives the weights their shape."""
    pad_token_id: int | None = 58100
    r"""id of the padding token, whose embedding does not learn. Default 58100; acts in training."""
    eos_token_id: int | list[int] | None = 0
    r"""id of the token that ends a text. Default 0; without effect here."""
    is_encoder_decoder: bool = True
    r"""whether the file holds a decoder too; the weights tell. Default True; without effect here."""

class MBartConfig(FamilyConfig):
    r"""The keys of an mBART ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 50265; gives the weights their shape.
        d_model (int): width of every hidden state. Default 1024; gives the weights their shape.
        encoder_layers (int): blocks of the encoder. Default 12; gives the weights their shape.
        decoder_layers (int): blocks of the decoder. Default 12; gives the weights their shape.
        encoder_attention_heads (int): heads that share the width, in the encoder. Default 16; changes results.
        decoder_attention_heads (int): heads that share the width, in the decoder. Default 16; changes results.
        encoder_ffn_dim (int): width inside the feed-forward of the encoder. Default 4096; gives the weights their shape.
        decoder_ffn_dim (int): width inside the feed-forward of the decoder. Default 4096; gives the weights their shape.
        activation_function (str): activation of the feed-forward. Default 'gelu'; changes results.
        max_position_embeddings (int): longest text, in tokens. Default 1024; gives the weights their shape.
        scale_embedding (bool): whether token embeddings are scaled by the root of the width. Default False; changes results.
        dropout (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        activation_dropout (float): dropout inside the feed-forward. Default 0.0; acts in training.
        encoder_layerdrop (float): probability of leaving out a block of the encoder. Default 0.0; acts in training.
        decoder_layerdrop (float): probability of leaving out a block of the decoder. Default 0.0; acts in training.
        decoder_start_token_id (int | None): id of the token that a target to be written begins with; null: its language. Default None; changes results.
        classifier_dropout (float): dropout before a head of labels. Default 0.0; acts in training.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token, whose embedding does not learn. Default 1; acts in training.
        bos_token_id (int | None): id of the token that begins a text. Default 0; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the file holds a decoder too; the weights tell. Default True; without effect here.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 50265
    r"""entries of the vocabulary. Default 50265; gives the weights their shape."""
    d_model: int = 1024
    r"""width of every hidden state. Default 1024; gives the weights their shape."""
    encoder_layers: int = 12
    r"""blocks of the encoder. Default 12; gives the weights their shape."""
    decoder_layers: int = 12
    r"""blocks of the decoder. Default 12; gives the weights their shape."""
    encoder_attention_heads: int = 16
    r"""heads that share the width, in the encoder. Default 16; changes results."""
    decoder_attention_heads: int = 16
    r"""heads that share the width, in the decoder. Default 16; changes results."""
    encoder_ffn_dim: int = 4096
    r"""width inside the feed-forward of the encoder. Default 4096; gives the weights their shape."""
    decoder_ffn_dim: int = 4096
    r"""width inside the feed-forward of the decoder. Default 4096; gives the weights their shape."""
    activation_function: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    max_position_embeddings: int = 1024
    r"""longest text, in tokens. Default 1024; gives the weights their shape."""
    scale_embedding: bool = False
    r"""whether token embeddings are scaled by the root of the width. Default False; changes results."""
    dropout: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    activation_dropout: float = 0.0
    r"""dropout inside the feed-forward. Default 0.0; acts in training."""
    encoder_layerdrop: float = 0.0
    r"""probability of leaving out a block of the encoder. Default 0.0; acts in training."""
    decoder_layerdrop: float = 0.0
    r"""probability of leaving out a block of the decoder. Default 0.0; acts in training."""
    decoder_start_token_id: int | None = None
    r"""id of the token that a target to be written begins with; null: its language. Default None; changes results."""
    classifier_dropout: float = 0.0
    r"""dropout before a head of labels. Default 0.0; acts in training."""
    pad_token_id: int | None = 1
    r"""id of the padding token, whose embedding does not learn. Default 1; acts in training."""
    bos_token_id: int | None = 0
    r"""id of the token that begins a text. Default 0; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""
    is_encoder_decoder: bool = True
    r"""whether the file holds a decoder too; the weights tell. Default True; without effect here."""

class MegatronBertConfig(FamilyConfig):
    r"""The keys of a Megatron-BERT ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 29056; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 1024; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 24; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 16; changes results.
        intermediate_size (int): width inside the feed-forward. Default 4096; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.1; acts in training.
        max_position_embeddings (int): longest text, in tokens. Default 512; gives the weights their shape.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-12; changes results.
        type_vocab_size (int): segments: first and second text. Default 2; gives the weights their shape.
        position_embedding_type (str): how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 29056
    r"""entries of the vocabulary. Default 29056; gives the weights their shape."""
    hidden_size: int = 1024
    r"""width of every hidden state. Default 1024; gives the weights their shape."""
    num_hidden_layers: int = 24
    r"""blocks of the trunk. Default 24; gives the weights their shape."""
    num_attention_heads: int = 16
    r"""heads that share the width. Default 16; changes results."""
    intermediate_size: int = 4096
    r"""width inside the feed-forward. Default 4096; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    hidden_dropout_prob: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_probs_dropout_prob: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    max_position_embeddings: int = 512
    r"""longest text, in tokens. Default 512; gives the weights their shape."""
    layer_norm_eps: float = 1e-12
    r"""added to the variance in every norm. Default 1e-12; changes results."""
    type_vocab_size: int = 2
    r"""segments: first and second text. Default 2; gives the weights their shape."""
    position_embedding_type: str = "absolute"
    r"""how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""

class Ministral3Config(FamilyConfig):
    r"""The keys of a Ministral 3 ``config.json`` of text alone, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 262144; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 131072; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4096; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 14336; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 34; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default 8; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default 128; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-05; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        mlp_bias (bool): whether the feed-forward has a bias. Default False; gives the weights their shape.
        sliding_window (int | None): tokens that a token sees, itself included; null for all. Default None; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 11; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 1; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 262144
    r"""longest text the model was made for, in tokens. Default 262144; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 131072
    r"""entries of the vocabulary. Default 131072; gives the weights their shape."""
    hidden_size: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    intermediate_size: int = 14336
    r"""width inside the feed-forward. Default 14336; gives the weights their shape."""
    num_hidden_layers: int = 34
    r"""blocks of the trunk. Default 34; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = 8
    r"""heads of keys and values; null: one per query head. Default 8; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = 128
    r"""width of a head; null: hidden_size / num_attention_heads. Default 128; gives the weights their shape."""
    rms_norm_eps: float = 1e-05
    r"""added to the mean square in every norm. Default 1e-05; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    mlp_bias: bool = False
    r"""whether the feed-forward has a bias. Default False; gives the weights their shape."""
    sliding_window: int | None = None
    r"""tokens that a token sees, itself included; null for all. Default None; changes results."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""
    pad_token_id: int | None = 11
    r"""id of the padding token; torso packs texts and needs none. Default 11; without effect here."""
    bos_token_id: int | None = 1
    r"""id of the token that begins a text. Default 1; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""

class MistralConfig(FamilyConfig):
    r"""The keys of a Mistral ``config.json`` (https://arxiv.org/abs/2310.06825).

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 131072; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 32000; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4096; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 14336; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 32; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default 8; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-06; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        mlp_bias (bool): whether the feed-forward has a bias. Default False; gives the weights their shape.
        sliding_window (int | None): tokens that a token sees, itself included; null for all. Default 4096; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 131072
    r"""longest text the model was made for, in tokens. Default 131072; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 32000
    r"""entries of the vocabulary. Default 32000; gives the weights their shape."""
    hidden_size: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    intermediate_size: int = 14336
    r"""width inside the feed-forward. Default 14336; gives the weights their shape."""
    num_hidden_layers: int = 32
    r"""blocks of the trunk. Default 32; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = 8
    r"""heads of keys and values; null: one per query head. Default 8; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    rms_norm_eps: float = 1e-06
    r"""added to the mean square in every norm. Default 1e-06; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    mlp_bias: bool = False
    r"""whether the feed-forward has a bias. Default False; gives the weights their shape."""
    sliding_window: int | None = 4096
    r"""tokens that a token sees, itself included; null for all. Default 4096; changes results."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""

class MixtralConfig(FamilyConfig):
    r"""The keys of a Mixtral ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 1000000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 131072; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 32000; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4096; gives the weights their shape.
        intermediate_size (int): width inside an expert. Default 14336; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 32; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default 8; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-05; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        mlp_bias (bool): whether the feed-forward has a bias. Default False; gives the weights their shape.
        sliding_window (int | None): tokens that a token sees, itself included; null for all. Default None; changes results.
        output_router_logits (bool): whether outputs hold the routers' scores. Default False; changes results; only False is implemented.
        router_aux_loss_coef (float): weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.001; without effect here.
        num_experts_per_tok (int): experts of a token. Default 2; changes results.
        num_local_experts (int): experts of a layer. Default 8; gives the weights their shape.
        router_jitter_noise (float): spread of noise on what routers and experts read, in training. Default 0.0; changes results; only 0.0 is implemented.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 1; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 1000000.0
    r"""base of the rotary angles. Default 1000000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 131072
    r"""longest text the model was made for, in tokens. Default 131072; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 32000
    r"""entries of the vocabulary. Default 32000; gives the weights their shape."""
    hidden_size: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    intermediate_size: int = 14336
    r"""width inside an expert. Default 14336; gives the weights their shape."""
    num_hidden_layers: int = 32
    r"""blocks of the trunk. Default 32; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = 8
    r"""heads of keys and values; null: one per query head. Default 8; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    rms_norm_eps: float = 1e-05
    r"""added to the mean square in every norm. Default 1e-05; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    mlp_bias: bool = False
    r"""whether the feed-forward has a bias. Default False; gives the weights their shape."""
    sliding_window: int | None = None
    r"""tokens that a token sees, itself included; null for all. Default None; changes results."""
    output_router_logits: bool = False
    r"""whether outputs hold the routers' scores. Default False; changes results; only False is implemented."""
    router_aux_loss_coef: float = 0.001
    r"""weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.001; without effect here."""
    num_experts_per_tok: int = 2
    r"""experts of a token. Default 2; changes results."""
    num_local_experts: int = 8
    r"""experts of a layer. Default 8; gives the weights their shape."""
    router_jitter_noise: float = 0.0
    r"""spread of noise on what routers and experts read, in training. Default 0.0; changes results; only 0.0 is implemented."""
    bos_token_id: int | None = 1
    r"""id of the token that begins a text. Default 1; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""

class MobileBertConfig(FamilyConfig):
    r"""The keys of a MobileBERT ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 30522; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 512; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 24; gives the weights their shape.
        num_attention_heads (int): heads that share the width inside a block. Default 4; changes results.
        intermediate_size (int): width inside a feed-forward. Default 512; gives the weights their shape.
        hidden_act (str): activation of the feed-forwards. Default 'relu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.0; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.1; acts in training.
        max_position_embeddings (int): longest text, in tokens. Default 512; gives the weights their shape.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-12; changes results.
        type_vocab_size (int): segments: first and second text. Default 2; gives the weights their shape.
        classifier_dropout (float | None): dropout before a head; null takes hidden_dropout_prob. Default None; acts in training.
        position_embedding_type (str): how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented.
        embedding_size (int): width of the table of tokens. Default 128; gives the weights their shape.
        intra_bottleneck_size (int): width inside a block. Default 128; gives the weights their shape.
        num_feedforward_networks (int): feed-forwards of a block. Default 4; gives the weights their shape.
        normalization_type (str): layer_norm, or no_norm: a factor and a bias. Default 'no_norm'; changes results.
        trigram_input (bool): whether a token's neighbours enter its embedding. Default True; changes results; only True is implemented.
        use_bottleneck (bool): whether blocks are narrow inside. Default True; changes results; only True is implemented.
        use_bottleneck_attention (bool): whether values are made of narrow rows too. Default False; changes results; only False is implemented.
        key_query_shared_bottleneck (bool): whether queries and keys are made of narrow rows of their own. Default True; changes results; only True is implemented.
        classifier_activation (bool): whether there is a pooler. Default True; changes results; only True is implemented.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 30522
    r"""entries of the vocabulary. Default 30522; gives the weights their shape."""
    hidden_size: int = 512
    r"""width of every hidden state. Default 512; gives the weights their shape."""
    num_hidden_layers: int = 24
    r"""blocks of the trunk. Default 24; gives the weights their shape."""
    num_attention_heads: int = 4
    r"""heads that share the width inside a block. Default 4; changes results."""
    intermediate_size: int = 512
    r"""width inside a feed-forward. Default 512; gives the weights their shape."""
    hidden_act: str = "relu"
    r"""activation of the feed-forwards. Default 'relu'; changes results."""
    hidden_dropout_prob: float = 0.0
    r"""dropout on embeddings and block outputs. Default 0.0; acts in training."""
    attention_probs_dropout_prob: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    max_position_embeddings: int = 512
    r"""longest text, in tokens. Default 512; gives the weights their shape."""
    layer_norm_eps: float = 1e-12
    r"""added to the variance in every norm. Default 1e-12; changes results."""
    type_vocab_size: int = 2
    r"""segments: first and second text. Default 2; gives the weights their shape."""
    classifier_dropout: float | None = None
    r"""dropout before a head; null takes hidden_dropout_prob. Default None; acts in training."""
    position_embedding_type: str = "absolute"
    r"""how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented."""
    embedding_size: int = 128
    r"""width of the table of tokens. Default 128; gives the weights their shape."""
    intra_bottleneck_size: int = 128
    r"""width inside a block. Default 128; gives the weights their shape."""
    num_feedforward_networks: int = 4
    r"""feed-forwards of a block. Default 4; gives the weights their shape."""
    normalization_type: str = "no_norm"
    r"""layer_norm, or no_norm: a factor and a bias. Default 'no_norm'; changes results."""
    trigram_input: bool = True
    r"""whether a token's neighbours enter its embedding. Default True; changes results; only True is implemented."""
    use_bottleneck: bool = True
    r"""whether blocks are narrow inside. Default True; changes results; only True is implemented."""
    use_bottleneck_attention: bool = False
    r"""whether values are made of narrow rows too. Default False; changes results; only False is implemented."""
    key_query_shared_bottleneck: bool = True
    r"""whether queries and keys are made of narrow rows of their own. Default True; changes results; only True is implemented."""
    classifier_activation: bool = True
    r"""whether there is a pooler. Default True; changes results; only True is implemented."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""

class ModernBertConfig(FamilyConfig):
    r"""The keys of a ModernBERT ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): a base that this family never reads. Default 10000.0; without effect here.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 8192; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 50368; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 768; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 1152; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 22; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 12; changes results.
        hidden_activation (str): activation of the feed-forward. Default 'gelu'; changes results.
        norm_eps (float): added to the variance in every norm. Default 1e-05; changes results.
        norm_bias (bool): whether norms have a bias. Default False; gives the weights their shape.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        attention_dropout (float): dropout on attention weights and on what attention adds. Default 0.0; acts in training.
        embedding_dropout (float): dropout on embeddings. Default 0.0; acts in training.
        mlp_bias (bool): whether the feed-forward has a bias. Default False; gives the weights their shape.
        mlp_dropout (float): dropout inside the feed-forward. Default 0.0; acts in training.
        local_attention (int): tokens that a token sees in layers with a window. Default 128; changes results.
        global_attn_every_n_layers (int): of so many layers the first has no window; layer_types go before. Default 3; changes results.
        layer_types (list[str] | None): which layers have a window; null: as the family has them. Default None; changes results.
        global_rope_theta (float): base of the rotary angles of layers without a window. Default 160000.0; changes results.
        local_rope_theta (float): base of the rotary angles of layers with a window. Default 10000.0; changes results.
        decoder_bias (bool): whether the scores of the vocabulary have a bias. Default True; gives the weights their shape.
        classifier_pooling (str): which row stands for a text. Default 'cls'; changes results.
        classifier_dropout (float): dropout before a head of labels. Default 0.0; acts in training.
        classifier_bias (bool): whether the layer before the scores has a bias. Default False; gives the weights their shape.
        classifier_activation (str): activation of that layer. Default 'gelu'; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 50283; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 50281; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 50282; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default 50282; without effect here.
        cls_token_id (int | None): id of the classification token. Default 50281; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""a base that this family never reads. Default 10000.0; without effect here."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 8192
    r"""longest text the model was made for, in tokens. Default 8192; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 50368
    r"""entries of the vocabulary. Default 50368; gives the weights their shape."""
    hidden_size: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    intermediate_size: int = 1152
    r"""width inside the feed-forward. Default 1152; gives the weights their shape."""
    num_hidden_layers: int = 22
    r"""blocks of the trunk. Default 22; gives the weights their shape."""
    num_attention_heads: int = 12
    r"""heads that share the width. Default 12; changes results."""
    hidden_activation: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    norm_eps: float = 1e-05
    r"""added to the variance in every norm. Default 1e-05; changes results."""
    norm_bias: bool = False
    r"""whether norms have a bias. Default False; gives the weights their shape."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights and on what attention adds. Default 0.0; acts in training."""
    embedding_dropout: float = 0.0
    r"""dropout on embeddings. Default 0.0; acts in training."""
    mlp_bias: bool = False
    r"""whether the feed-forward has a bias. Default False; gives the weights their shape."""
    mlp_dropout: float = 0.0
    r"""dropout inside the feed-forward. Default 0.0; acts in training."""
    local_attention: int = 128
    r"""tokens that a token sees in layers with a window. Default 128; changes results."""
    global_attn_every_n_layers: int = 3
    r"""of so many layers the first has no window; layer_types go before. Default 3; changes results."""
    layer_types: list[str] | None = None
    r"""which layers have a window; null: as the family has them. Default None; changes results."""
    global_rope_theta: float = 160000.0
    r"""base of the rotary angles of layers without a window. Default 160000.0; changes results."""
    local_rope_theta: float = 10000.0
    r"""base of the rotary angles of layers with a window. Default 10000.0; changes results."""
    decoder_bias: bool = True
    r"""whether the scores of the vocabulary have a bias. Default True; gives the weights their shape."""
    classifier_pooling: str = "cls"
    r"""which row stands for a text. Default 'cls'; changes results."""
    classifier_dropout: float = 0.0
    r"""dropout before a head of labels. Default 0.0; acts in training."""
    classifier_bias: bool = False
    r"""whether the layer before the scores has a bias. Default False; gives the weights their shape."""
    classifier_activation: str = "gelu"
    r"""activation of that layer. Default 'gelu'; changes results."""
    pad_token_id: int | None = 50283
    r"""id of the padding token; torso packs texts and needs none. Default 50283; without effect here."""
    bos_token_id: int | None = 50281
    r"""id of the token that begins a text. Default 50281; without effect here."""
    eos_token_id: int | list[int] | None = 50282
    r"""id of the token that ends a text. Default 50282; without effect here."""
    sep_token_id: int | None = 50282
    r"""id of the token between two texts. Default 50282; without effect here."""
    cls_token_id: int | None = 50281
    r"""id of the classification token. Default 50281; without effect here."""

class MPNetConfig(FamilyConfig):
    r"""The keys of an MPNet ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 30527; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 768; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 12; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 12; changes results.
        intermediate_size (int): width inside the feed-forward. Default 3072; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.1; acts in training.
        max_position_embeddings (int): rows of the table of positions; the first two are no position. Default 512; gives the weights their shape.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-12; changes results.
        relative_attention_num_buckets (int): buckets of distance. Default 32; changes results; only 32 is implemented.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 1; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 0; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 30527
    r"""entries of the vocabulary. Default 30527; gives the weights their shape."""
    hidden_size: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    num_hidden_layers: int = 12
    r"""blocks of the trunk. Default 12; gives the weights their shape."""
    num_attention_heads: int = 12
    r"""heads that share the width. Default 12; changes results."""
    intermediate_size: int = 3072
    r"""width inside the feed-forward. Default 3072; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    hidden_dropout_prob: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_probs_dropout_prob: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    max_position_embeddings: int = 512
    r"""rows of the table of positions; the first two are no position. Default 512; gives the weights their shape."""
    layer_norm_eps: float = 1e-12
    r"""added to the variance in every norm. Default 1e-12; changes results."""
    relative_attention_num_buckets: int = 32
    r"""buckets of distance. Default 32; changes results; only 32 is implemented."""
    pad_token_id: int | None = 1
    r"""id of the padding token; torso packs texts and needs none. Default 1; without effect here."""
    bos_token_id: int | None = 0
    r"""id of the token that begins a text. Default 0; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""

class MT5Config(FamilyConfig):
    r"""The keys of an mT5 ``config.json``.

    Args:
        vocab_size (int): entries of the vocabulary. Default 250112; gives the weights their shape.
        d_model (int): width of every hidden state. Default 512; gives the weights their shape.
        d_kv (int): width of a head. Default 64; gives the weights their shape.
        d_ff (int): width inside the feed-forward. Default 1024; gives the weights their shape.
        num_layers (int): blocks of the encoder. Default 8; gives the weights their shape.
        num_decoder_layers (int | None): blocks of the decoder; null: as the encoder. Default None; gives the weights their shape.
        num_heads (int): heads of attention. Default 6; gives the weights their shape.
        relative_attention_num_buckets (int): buckets of distance. Default 32; gives the weights their shape.
        relative_attention_max_distance (int): distance from which all is one bucket. Default 128; changes results.
        dropout_rate (float): dropout everywhere but before a classifier. Default 0.1; acts in training.
        classifier_dropout (float): dropout before a head of labels. Default 0.0; acts in training.
        layer_norm_epsilon (float): added to the mean square in every norm. Default 1e-06; changes results.
        feed_forward_proj (str): activation of the feed-forward, gated or not. Default 'gated-gelu'; gives the weights their shape.
        scale_decoder_outputs (bool | None): scale rows before the vocabulary; null: if tied. Default None; changes results.
        decoder_start_token_id (int): id of the token that a target begins with. Default 0; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 1; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the file holds a decoder too; the weights tell. Default True; without effect here.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 250112
    r"""entries of the vocabulary. Default 250112; gives the weights their shape."""
    d_model: int = 512
    r"""width of every hidden state. Default 512; gives the weights their shape."""
    d_kv: int = 64
    r"""width of a head. Default 64; gives the weights their shape."""
    d_ff: int = 1024
    r"""width inside the feed-forward. Default 1024; gives the weights their shape."""
    num_layers: int = 8
    r"""blocks of the encoder. Default 8; gives the weights their shape."""
    num_decoder_layers: int | None = None
    r"""blocks of the decoder; null: as the encoder. Default None; gives the weights their shape."""
    num_heads: int = 6
    r"""heads of attention. Default 6; gives the weights their shape."""
    relative_attention_num_buckets: int = 32
    r"""buckets of distance. Default 32; gives the weights their shape."""
    relative_attention_max_distance: int = 128
    r"""distance from which all is one bucket. Default 128; changes results."""
    dropout_rate: float = 0.1
    r"""dropout everywhere but before a classifier. Default 0.1; acts in training."""
    classifier_dropout: float = 0.0
    r"""dropout before a head of labels. Default 0.0; acts in training."""
    layer_norm_epsilon: float = 1e-06
    r"""added to the mean square in every norm. Default 1e-06; changes results."""
    feed_forward_proj: str = "gated-gelu"
    r"""activation of the feed-forward, gated or not. Default 'gated-gelu'; gives the weights their shape."""
    scale_decoder_outputs: bool | None = None
    r"""scale rows before the vocabulary; null: if tied. Default None; changes results."""
    decoder_start_token_id: int = 0
    r"""id of the token that a target begins with. Default 0; changes results."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""
    eos_token_id: int | list[int] | None = 1
    r"""id of the token that ends a text. Default 1; without effect here."""
    is_encoder_decoder: bool = True
    r"""whether the file holds a decoder too; the weights tell. Default True; without effect here."""

class NezhaConfig(FamilyConfig):
    r"""The keys of a NEZHA ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 21128; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 768; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 12; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 12; changes results.
        intermediate_size (int): width inside the feed-forward. Default 3072; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.1; acts in training.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 512; changes results.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-12; changes results.
        type_vocab_size (int): segments: first and second text. Default 2; gives the weights their shape.
        max_relative_position (int): largest distance that has a vector of its own. Default 64; changes results.
        classifier_dropout (float | None): dropout before a head; null takes hidden_dropout_prob. Default 0.1; acts in training.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 21128
    r"""entries of the vocabulary. Default 21128; gives the weights their shape."""
    hidden_size: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    num_hidden_layers: int = 12
    r"""blocks of the trunk. Default 12; gives the weights their shape."""
    num_attention_heads: int = 12
    r"""heads that share the width. Default 12; changes results."""
    intermediate_size: int = 3072
    r"""width inside the feed-forward. Default 3072; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    hidden_dropout_prob: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_probs_dropout_prob: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    max_position_embeddings: int = 512
    r"""longest text the model was made for, in tokens. Default 512; changes results."""
    layer_norm_eps: float = 1e-12
    r"""added to the variance in every norm. Default 1e-12; changes results."""
    type_vocab_size: int = 2
    r"""segments: first and second text. Default 2; gives the weights their shape."""
    max_relative_position: int = 64
    r"""largest distance that has a vector of its own. Default 64; changes results."""
    classifier_dropout: float | None = 0.1
    r"""dropout before a head; null takes hidden_dropout_prob. Default 0.1; acts in training."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""

class NomicBertConfig(FamilyConfig):
    r"""The keys of a NomicBERT ``config.json``, and those of its first files, which were GPT-2's.

    Args:
        vocab_size (int): entries of the vocabulary. Default 30528; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 768; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 12; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 12; changes results.
        intermediate_size (int): width inside the feed-forward. Default 3072; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.0; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.0; acts in training.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 2048; changes results.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-12; changes results.
        rope_theta (float): base of the rotary angles. Default 1000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        type_vocab_size (int): number of segment types; 0 for none. Default 2; gives the weights their shape.
        classifier_dropout (float | None): dropout before a head; null takes hidden_dropout_prob. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        activation_function (str): the feed-forward of the first files. Default 'swiglu'; changes results; only 'swiglu' is implemented.
        prenorm (bool): whether blocks normalise before each branch. Default False; changes results; only False is implemented.
        parallel_block (bool): whether both branches read the block's input. Default False; changes results; only False is implemented.
        causal (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        rotary_emb_fraction (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        rotary_emb_interleaved (bool): whether neighbouring units turn together. Default False; changes results; only False is implemented.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 30528
    r"""entries of the vocabulary. Default 30528; gives the weights their shape."""
    hidden_size: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    num_hidden_layers: int = 12
    r"""blocks of the trunk. Default 12; gives the weights their shape."""
    num_attention_heads: int = 12
    r"""heads that share the width. Default 12; changes results."""
    intermediate_size: int = 3072
    r"""width inside the feed-forward. Default 3072; gives the weights their shape."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    hidden_dropout_prob: float = 0.0
    r"""dropout on embeddings and block outputs. Default 0.0; acts in training."""
    attention_probs_dropout_prob: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    max_position_embeddings: int = 2048
    r"""longest text the model was made for, in tokens. Default 2048; changes results."""
    layer_norm_eps: float = 1e-12
    r"""added to the variance in every norm. Default 1e-12; changes results."""
    rope_theta: float = 1000.0
    r"""base of the rotary angles. Default 1000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    type_vocab_size: int = 2
    r"""number of segment types; 0 for none. Default 2; gives the weights their shape."""
    classifier_dropout: float | None = None
    r"""dropout before a head; null takes hidden_dropout_prob. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    activation_function: str = "swiglu"
    r"""the feed-forward of the first files. Default 'swiglu'; changes results; only 'swiglu' is implemented."""
    prenorm: bool = False
    r"""whether blocks normalise before each branch. Default False; changes results; only False is implemented."""
    parallel_block: bool = False
    r"""whether both branches read the block's input. Default False; changes results; only False is implemented."""
    causal: bool = False
    r"""whether the blocks see earlier tokens only. Default False; changes results; only False is implemented."""
    rotary_emb_fraction: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    rotary_emb_interleaved: bool = False
    r"""whether neighbouring units turn together. Default False; changes results; only False is implemented."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""

class Olmo2Config(FamilyConfig):
    r"""The keys of an OLMo 2 ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 2048; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 50304; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4096; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 11008; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 32; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default None; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-05; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 1; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 50279; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 2048
    r"""longest text the model was made for, in tokens. Default 2048; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 50304
    r"""entries of the vocabulary. Default 50304; gives the weights their shape."""
    hidden_size: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    intermediate_size: int = 11008
    r"""width inside the feed-forward. Default 11008; gives the weights their shape."""
    num_hidden_layers: int = 32
    r"""blocks of the trunk. Default 32; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = None
    r"""heads of keys and values; null: one per query head. Default None; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    rms_norm_eps: float = 1e-05
    r"""added to the mean square in every norm. Default 1e-05; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""
    pad_token_id: int | None = 1
    r"""id of the padding token; torso packs texts and needs none. Default 1; without effect here."""
    eos_token_id: int | list[int] | None = 50279
    r"""id of the token that ends a text. Default 50279; without effect here."""

class Olmo3Config(FamilyConfig):
    r"""The keys of an OLMo 3 ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 500000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 2048; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 50304; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4096; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 11008; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 32; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default None; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-05; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        sliding_window (int | None): tokens that a token sees in most layers, itself included; null for all. Default 4096; changes results.
        layer_types (list[str] | None): which layers have a window; null: all but every fourth. Default None; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 1; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 50279; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 500000.0
    r"""base of the rotary angles. Default 500000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 2048
    r"""longest text the model was made for, in tokens. Default 2048; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 50304
    r"""entries of the vocabulary. Default 50304; gives the weights their shape."""
    hidden_size: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    intermediate_size: int = 11008
    r"""width inside the feed-forward. Default 11008; gives the weights their shape."""
    num_hidden_layers: int = 32
    r"""blocks of the trunk. Default 32; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = None
    r"""heads of keys and values; null: one per query head. Default None; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    rms_norm_eps: float = 1e-05
    r"""added to the mean square in every norm. Default 1e-05; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    sliding_window: int | None = 4096
    r"""tokens that a token sees in most layers, itself included; null for all. Default 4096; changes results."""
    layer_types: list[str] | None = None
    r"""which layers have a window; null: all but every fourth. Default None; changes results."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""
    pad_token_id: int | None = 1
    r"""id of the padding token; torso packs texts and needs none. Default 1; without effect here."""
    eos_token_id: int | list[int] | None = 50279
    r"""id of the token that ends a text. Default 50279; without effect here."""

class OlmoConfig(FamilyConfig):
    r"""The keys of an OLMo ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 2048; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 50304; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4096; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 11008; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 32; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default None; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        rms_norm_eps (float): of norms that this family does not have. Default 1e-05; without effect here.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        clip_qkv (float | None): largest absolute value of queries, keys and values; null for no limit. Default None; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 1; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 50279; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 2048
    r"""longest text the model was made for, in tokens. Default 2048; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 50304
    r"""entries of the vocabulary. Default 50304; gives the weights their shape."""
    hidden_size: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    intermediate_size: int = 11008
    r"""width inside the feed-forward. Default 11008; gives the weights their shape."""
    num_hidden_layers: int = 32
    r"""blocks of the trunk. Default 32; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = None
    r"""heads of keys and values; null: one per query head. Default None; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    rms_norm_eps: float = 1e-05
    r"""of norms that this family does not have. Default 1e-05; without effect here."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    clip_qkv: float | None = None
    r"""largest absolute value of queries, keys and values; null for no limit. Default None; changes results."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""
    pad_token_id: int | None = 1
    r"""id of the padding token; torso packs texts and needs none. Default 1; without effect here."""
    eos_token_id: int | list[int] | None = 50279
    r"""id of the token that ends a text. Default 50279; without effect here."""

class OlmoeConfig(FamilyConfig):
    r"""The keys of an OLMoE ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 4096; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 50304; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 2048; gives the weights their shape.
        intermediate_size (int): width inside an expert. Default 2048; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 16; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 16; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default None; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; changes results; only None is implemented.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-05; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        mlp_bias (bool): whether the feed-forward has a bias. Default False; changes results; only False is implemented.
        output_router_logits (bool): whether outputs hold the routers' scores. Default False; changes results; only False is implemented.
        router_aux_loss_coef (float): weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.01; without effect here.
        num_experts_per_tok (int): experts of a token. Default 8; changes results.
        num_experts (int): experts of a layer. Default 64; gives the weights their shape.
        norm_topk_prob (bool): whether the weights of a token's experts are divided by their sum. Default False; changes results.
        clip_qkv (float | None): bound of queries, keys and values; null for none. Default None; changes results; only None is implemented.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 1; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 50279; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 4096
    r"""longest text the model was made for, in tokens. Default 4096; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 50304
    r"""entries of the vocabulary. Default 50304; gives the weights their shape."""
    hidden_size: int = 2048
    r"""width of every hidden state. Default 2048; gives the weights their shape."""
    intermediate_size: int = 2048
    r"""width inside an expert. Default 2048; gives the weights their shape."""
    num_hidden_layers: int = 16
    r"""blocks of the trunk. Default 16; gives the weights their shape."""
    num_attention_heads: int = 16
    r"""heads that share the width. Default 16; changes results."""
    num_key_value_heads: int | None = None
    r"""heads of keys and values; null: one per query head. Default None; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; changes results; only None is implemented."""
    rms_norm_eps: float = 1e-05
    r"""added to the mean square in every norm. Default 1e-05; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    mlp_bias: bool = False
    r"""whether the feed-forward has a bias. Default False; changes results; only False is implemented."""
    output_router_logits: bool = False
    r"""whether outputs hold the routers' scores. Default False; changes results; only False is implemented."""
    router_aux_loss_coef: float = 0.01
    r"""weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.01; without effect here."""
    num_experts_per_tok: int = 8
    r"""experts of a token. Default 8; changes results."""
    num_experts: int = 64
    r"""experts of a layer. Default 64; gives the weights their shape."""
    norm_topk_prob: bool = False
    r"""whether the weights of a token's experts are divided by their sum. Default False; changes results."""
    clip_qkv: float | None = None
    r"""bound of queries, keys and values; null for none. Default None; changes results; only None is implemented."""
    pad_token_id: int | None = 1
    r"""id of the padding token; torso packs texts and needs none. Default 1; without effect here."""
    eos_token_id: int | list[int] | None = 50279
    r"""id of the token that ends a text. Default 50279; without effect here."""

class OpenAIGPTConfig(FamilyConfig):
    r"""The keys of a GPT ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 40478; gives the weights their shape.
        n_positions (int): longest text, in tokens. Default 512; gives the weights their shape.
        n_embd (int): width of every hidden state. Default 768; gives the weights their shape.
        n_layer (int): blocks of the trunk. Default 12; gives the weights their shape.
        n_head (int): heads that share the width. Default 12; changes results.
        afn (str): activation of the feed-forward; gelu is the one by tanh. Default 'gelu'; changes results.
        resid_pdrop (float): dropout on what attention and feed-forward add. Default 0.1; acts in training.
        embd_pdrop (float): dropout on embeddings. Default 0.1; acts in training.
        attn_pdrop (float): dropout on attention weights. Default 0.1; acts in training.
        layer_norm_epsilon (float): added to the variance in every norm. Default 1e-05; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 40478
    r"""entries of the vocabulary. Default 40478; gives the weights their shape."""
    n_positions: int = 512
    r"""longest text, in tokens. Default 512; gives the weights their shape."""
    n_embd: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    n_layer: int = 12
    r"""blocks of the trunk. Default 12; gives the weights their shape."""
    n_head: int = 12
    r"""heads that share the width. Default 12; changes results."""
    afn: str = "gelu"
    r"""activation of the feed-forward; gelu is the one by tanh. Default 'gelu'; changes results."""
    resid_pdrop: float = 0.1
    r"""dropout on what attention and feed-forward add. Default 0.1; acts in training."""
    embd_pdrop: float = 0.1
    r"""dropout on embeddings. Default 0.1; acts in training."""
    attn_pdrop: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    layer_norm_epsilon: float = 1e-05
    r"""added to the variance in every norm. Default 1e-05; changes results."""

class OPTConfig(FamilyConfig):
    r"""The keys of an OPT ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 50272; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 768; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 12; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 12; changes results.
        ffn_dim (int): width inside the feed-forward. Default 3072; gives the weights their shape.
        activation_function (str): activation of the feed-forward. Default 'relu'; changes results.
        max_position_embeddings (int): longest text, in tokens. Default 2048; gives the weights their shape.
        word_embed_proj_dim (int | None): width of the embeddings; null: hidden_size. Default None; gives the weights their shape.
        do_layer_norm_before (bool): whether blocks normalise before each branch, or after each residual sum. Default True; gives the weights their shape.
        layer_norm_elementwise_affine (bool): whether norms have weights. Default True; gives the weights their shape.
        enable_bias (bool): whether the projections of the blocks have a bias. Default True; gives the weights their shape.
        _remove_final_layer_norm (bool): whether the last norm is left out. Default False; gives the weights their shape.
        dropout (float): dropout on what attention and feed-forward add. Default 0.1; acts in training.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        layerdrop (float): probability of leaving out a block. Default 0.0; acts in training.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 1; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 2; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 50272
    r"""entries of the vocabulary. Default 50272; gives the weights their shape."""
    hidden_size: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    num_hidden_layers: int = 12
    r"""blocks of the trunk. Default 12; gives the weights their shape."""
    num_attention_heads: int = 12
    r"""heads that share the width. Default 12; changes results."""
    ffn_dim: int = 3072
    r"""width inside the feed-forward. Default 3072; gives the weights their shape."""
    activation_function: str = "relu"
    r"""activation of the feed-forward. Default 'relu'; changes results."""
    max_position_embeddings: int = 2048
    r"""longest text, in tokens. Default 2048; gives the weights their shape."""
    word_embed_proj_dim: int | None = None
    r"""width of the embeddings; null: hidden_size. Default None; gives the weights their shape."""
    do_layer_norm_before: bool = True
    r"""whether blocks normalise before each branch, or after each residual sum. Default True; gives the weights their shape."""
    layer_norm_elementwise_affine: bool = True
    r"""whether norms have weights. Default True; gives the weights their shape."""
    enable_bias: bool = True
    r"""whether the projections of the blocks have a bias. Default True; gives the weights their shape."""
    _remove_final_layer_norm: bool = False
    r"""whether the last norm is left out. Default False; gives the weights their shape."""
    dropout: float = 0.1
    r"""dropout on what attention and feed-forward add. Default 0.1; acts in training."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    layerdrop: float = 0.0
    r"""probability of leaving out a block. Default 0.0; acts in training."""
    pad_token_id: int | None = 1
    r"""id of the padding token; torso packs texts and needs none. Default 1; without effect here."""
    bos_token_id: int | None = 2
    r"""id of the token that begins a text. Default 2; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""

class PegasusConfig(FamilyConfig):
    r"""The keys of a PEGASUS ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 50265; gives the weights their shape.
        d_model (int): width of every hidden state. Default 1024; gives the weights their shape.
        encoder_layers (int): blocks of the encoder. Default 12; gives the weights their shape.
        decoder_layers (int): blocks of the decoder. Default 12; gives the weights their shape.
        encoder_attention_heads (int): heads that share the width, in the encoder. Default 16; changes results.
        decoder_attention_heads (int): heads that share the width, in the decoder. Default 16; changes results.
        encoder_ffn_dim (int): width inside the feed-forward of the encoder. Default 4096; gives the weights their shape.
        decoder_ffn_dim (int): width inside the feed-forward of the decoder. Default 4096; gives the weights their shape.
        activation_function (str): activation of the feed-forward. Default 'gelu'; changes results.
        max_position_embeddings (int): longest text, in tokens. Default 1024; gives the weights their shape.
        scale_embedding (bool): whether token embeddings are scaled by the root of the width. Default False; changes results.
        dropout (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        activation_dropout (float): dropout inside the feed-forward. Default 0.0; acts in training.
        encoder_layerdrop (float): probability of leaving out a block of the encoder. Default 0.0; acts in training.
        decoder_layerdrop (float): probability of leaving out a block of the decoder. Default 0.0; acts in training.
        decoder_start_token_id (int | None): id of the token that a target begins with. Default 0; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token, whose embedding does not learn. Default 0; acts in training.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 1; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the file holds a decoder too; the weights tell. Default True; without effect here.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 50265
    r"""entries of the vocabulary. Default 50265; gives the weights their shape."""
    d_model: int = 1024
    r"""width of every hidden state. Default 1024; gives the weights their shape."""
    encoder_layers: int = 12
    r"""blocks of the encoder. Default 12; gives the weights their shape."""
    decoder_layers: int = 12
    r"""blocks of the decoder. Default 12; gives the weights their shape."""
    encoder_attention_heads: int = 16
    r"""heads that share the width, in the encoder. Default 16; changes results."""
    decoder_attention_heads: int = 16
    r"""heads that share the width, in the decoder. Default 16; changes results."""
    encoder_ffn_dim: int = 4096
    r"""width inside the feed-forward of the encoder. Default 4096; gives the weights their shape."""
    decoder_ffn_dim: int = 4096
    r"""width inside the feed-forward of the decoder. Default 4096; gives the weights their shape."""
    activation_function: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    max_position_embeddings: int = 1024
    r"""longest text, in tokens. Default 1024; gives the weights their shape."""
    scale_embedding: bool = False
    r"""whether token embeddings are scaled by the root of the width. Default False; changes results."""
    dropout: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    activation_dropout: float = 0.0
    r"""dropout inside the feed-forward. Default 0.0; acts in training."""
    encoder_layerdrop: float = 0.0
    r"""probability of leaving out a block of the encoder. Default 0.0; acts in training."""
    decoder_layerdrop: float = 0.0
    r"""probability of leaving out a block of the decoder. Default 0.0; acts in training."""
    decoder_start_token_id: int | None = 0
    r"""id of the token that a target begins with. Default 0; changes results."""
    pad_token_id: int | None = 0
    r"""id of the padding token, whose embedding does not learn. Default 0; acts in training."""
    eos_token_id: int | list[int] | None = 1
    r"""id of the token that ends a text. Default 1; without effect here."""
    is_encoder_decoder: bool = True
    r"""whether the file holds a decoder too; the weights tell. Default True; without effect here."""

class Phi3Config(FamilyConfig):
    r"""The keys of a Phi-3 ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 4096; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default 4096; changes results.
        vocab_size (int): entries of the vocabulary. Default 32064; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 3072; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 8192; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 32; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default None; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-05; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        resid_pdrop (float): dropout on what attention and feed-forward add. Default 0.0; acts in training.
        sliding_window (int | None): tokens that a token sees, itself included; null for all. Default None; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 32000; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 1; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 32000; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results."""
    max_position_embeddings: int = 4096
    r"""longest text the model was made for, in tokens. Default 4096; changes results."""
    original_max_position_embeddings: int | None = 4096
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default 4096; changes results."""
    vocab_size: int = 32064
    r"""entries of the vocabulary. Default 32064; gives the weights their shape."""
    hidden_size: int = 3072
    r"""width of every hidden state. Default 3072; gives the weights their shape."""
    intermediate_size: int = 8192
    r"""width inside the feed-forward. Default 8192; gives the weights their shape."""
    num_hidden_layers: int = 32
    r"""blocks of the trunk. Default 32; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = None
    r"""heads of keys and values; null: one per query head. Default None; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    rms_norm_eps: float = 1e-05
    r"""added to the mean square in every norm. Default 1e-05; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    resid_pdrop: float = 0.0
    r"""dropout on what attention and feed-forward add. Default 0.0; acts in training."""
    sliding_window: int | None = None
    r"""tokens that a token sees, itself included; null for all. Default None; changes results."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""
    pad_token_id: int | None = 32000
    r"""id of the padding token; torso packs texts and needs none. Default 32000; without effect here."""
    bos_token_id: int | None = 1
    r"""id of the token that begins a text. Default 1; without effect here."""
    eos_token_id: int | list[int] | None = 32000
    r"""id of the token that ends a text. Default 32000; without effect here."""

class PhiConfig(FamilyConfig):
    r"""The keys of a Phi ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 0.5; changes results.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 2048; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 51200; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 2048; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 8192; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 24; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default None; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-05; changes results.
        hidden_act (str): activation of the feed-forward. Default 'gelu_new'; changes results.
        qk_layernorm (bool): whether each head's queries and keys are normed. Default False; gives the weights their shape.
        embd_pdrop (float): dropout on embeddings. Default 0.0; acts in training.
        resid_pdrop (float): dropout on what attention and feed-forward add. Default 0.0; acts in training.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 1; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 0.5
    r"""share of a head's units that turn. Default 0.5; changes results."""
    max_position_embeddings: int = 2048
    r"""longest text the model was made for, in tokens. Default 2048; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 51200
    r"""entries of the vocabulary. Default 51200; gives the weights their shape."""
    hidden_size: int = 2048
    r"""width of every hidden state. Default 2048; gives the weights their shape."""
    intermediate_size: int = 8192
    r"""width inside the feed-forward. Default 8192; gives the weights their shape."""
    num_hidden_layers: int = 24
    r"""blocks of the trunk. Default 24; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = None
    r"""heads of keys and values; null: one per query head. Default None; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    layer_norm_eps: float = 1e-05
    r"""added to the variance in every norm. Default 1e-05; changes results."""
    hidden_act: str = "gelu_new"
    r"""activation of the feed-forward. Default 'gelu_new'; changes results."""
    qk_layernorm: bool = False
    r"""whether each head's queries and keys are normed. Default False; gives the weights their shape."""
    embd_pdrop: float = 0.0
    r"""dropout on embeddings. Default 0.0; acts in training."""
    resid_pdrop: float = 0.0
    r"""dropout on what attention and feed-forward add. Default 0.0; acts in training."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""
    bos_token_id: int | None = 1
    r"""id of the token that begins a text. Default 1; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""

class Qwen2Config(FamilyConfig):
    r"""The keys of a Qwen2 ``config.json`` (https://arxiv.org/abs/2407.10671).

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 32768; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 151936; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4096; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 22016; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 32; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default None; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-06; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        mlp_bias (bool): whether the feed-forward has a bias. Default False; gives the weights their shape.
        use_sliding_window (bool): whether some layers see a window only. Default False; changes results.
        sliding_window (int | None): tokens that a token sees, itself included; null for all. Default 4096; changes results.
        max_window_layers (int): the first layer with a window, counted from 0. Default 28; changes results.
        layer_types (list[str] | None): which layers have a window; null: from max_window_layers on. Default None; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 32768
    r"""longest text the model was made for, in tokens. Default 32768; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 151936
    r"""entries of the vocabulary. Default 151936; gives the weights their shape."""
    hidden_size: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    intermediate_size: int = 22016
    r"""width inside the feed-forward. Default 22016; gives the weights their shape."""
    num_hidden_layers: int = 32
    r"""blocks of the trunk. Default 32; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = None
    r"""heads of keys and values; null: one per query head. Default None; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    rms_norm_eps: float = 1e-06
    r"""added to the mean square in every norm. Default 1e-06; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    mlp_bias: bool = False
    r"""whether the feed-forward has a bias. Default False; gives the weights their shape."""
    use_sliding_window: bool = False
    r"""whether some layers see a window only. Default False; changes results."""
    sliding_window: int | None = 4096
    r"""tokens that a token sees, itself included; null for all. Default 4096; changes results."""
    max_window_layers: int = 28
    r"""the first layer with a window, counted from 0. Default 28; changes results."""
    layer_types: list[str] | None = None
    r"""which layers have a window; null: from max_window_layers on. Default None; changes results."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""

class Qwen2MoeConfig(FamilyConfig):
    r"""The keys of a Qwen2-MoE ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 32768; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 151936; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 2048; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward of a layer without a mixture. Default 5632; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 24; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 16; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default 16; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-06; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        mlp_bias (bool): whether the feed-forward has a bias. Default False; gives the weights their shape.
        use_sliding_window (bool): whether some layers see a window only. Default False; changes results.
        sliding_window (int | None): tokens that a token sees, itself included; null or 0 for all. Default 4096; changes results.
        max_window_layers (int): the first layer without a window, counted from 0. Default 28; changes results.
        layer_types (list[str] | None): which layers have a window; null: every other one below max_window_layers. Default None; changes results.
        output_router_logits (bool): whether outputs hold the routers' scores. Default False; changes results; only False is implemented.
        router_aux_loss_coef (float): weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.001; without effect here.
        num_experts_per_tok (int): experts of a token. Default 4; changes results.
        num_experts (int): experts of a layer with a mixture. Default 60; gives the weights their shape.
        moe_intermediate_size (int): width inside an expert. Default 1408; gives the weights their shape.
        decoder_sparse_step (int): of so many layers the last has a mixture. Default 1; gives the weights their shape.
        mlp_only_layers (list[int] | None): layers without a mixture, counted from 0. Default None; gives the weights their shape.
        norm_topk_prob (bool): whether the weights of a token's experts are divided by their sum. Default False; changes results.
        shared_expert_intermediate_size (int): width inside the expert that all tokens share. Default 5632; gives the weights their shape.
        qkv_bias (bool): whether the projections into attention have a bias. Default True; gives the weights their shape.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 32768
    r"""longest text the model was made for, in tokens. Default 32768; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 151936
    r"""entries of the vocabulary. Default 151936; gives the weights their shape."""
    hidden_size: int = 2048
    r"""width of every hidden state. Default 2048; gives the weights their shape."""
    intermediate_size: int = 5632
    r"""width inside the feed-forward of a layer without a mixture. Default 5632; gives the weights their shape."""
    num_hidden_layers: int = 24
    r"""blocks of the trunk. Default 24; gives the weights their shape."""
    num_attention_heads: int = 16
    r"""heads that share the width. Default 16; changes results."""
    num_key_value_heads: int | None = 16
    r"""heads of keys and values; null: one per query head. Default 16; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    rms_norm_eps: float = 1e-06
    r"""added to the mean square in every norm. Default 1e-06; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    mlp_bias: bool = False
    r"""whether the feed-forward has a bias. Default False; gives the weights their shape."""
    use_sliding_window: bool = False
    r"""whether some layers see a window only. Default False; changes results."""
    sliding_window: int | None = 4096
    r"""tokens that a token sees, itself included; null or 0 for all. Default 4096; changes results."""
    max_window_layers: int = 28
    r"""the first layer without a window, counted from 0. Default 28; changes results."""
    layer_types: list[str] | None = None
    r"""which layers have a window; null: every other one below max_window_layers. Default None; changes results."""
    output_router_logits: bool = False
    r"""whether outputs hold the routers' scores. Default False; changes results; only False is implemented."""
    router_aux_loss_coef: float = 0.001
    r"""weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.001; without effect here."""
    num_experts_per_tok: int = 4
    r"""experts of a token. Default 4; changes results."""
    num_experts: int = 60
    r"""experts of a layer with a mixture. Default 60; gives the weights their shape."""
    moe_intermediate_size: int = 1408
    r"""width inside an expert. Default 1408; gives the weights their shape."""
    decoder_sparse_step: int = 1
    r"""of so many layers the last has a mixture. Default 1; gives the weights their shape."""
    mlp_only_layers: list[int] | None = None
    r"""layers without a mixture, counted from 0. Default None; gives the weights their shape."""
    norm_topk_prob: bool = False
    r"""whether the weights of a token's experts are divided by their sum. Default False; changes results."""
    shared_expert_intermediate_size: int = 5632
    r"""width inside the expert that all tokens share. Default 5632; gives the weights their shape."""
    qkv_bias: bool = True
    r"""whether the projections into attention have a bias. Default True; gives the weights their shape."""

class Qwen3Config(FamilyConfig):
    r"""The keys of a Qwen3 ``config.json`` (https://arxiv.org/abs/2505.09388).

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 32768; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 151936; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4096; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 22016; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 32; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default None; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default 128; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-06; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        mlp_bias (bool): whether the feed-forward has a bias. Default False; gives the weights their shape.
        use_sliding_window (bool): whether some layers see a window only. Default False; changes results.
        sliding_window (int | None): tokens that a token sees, itself included; null for all. Default 4096; changes results.
        max_window_layers (int): the first layer with a window, counted from 0. Default 28; changes results.
        layer_types (list[str] | None): which layers have a window; null: from max_window_layers on. Default None; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 32768
    r"""longest text the model was made for, in tokens. Default 32768; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 151936
    r"""entries of the vocabulary. Default 151936; gives the weights their shape."""
    hidden_size: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    intermediate_size: int = 22016
    r"""width inside the feed-forward. Default 22016; gives the weights their shape."""
    num_hidden_layers: int = 32
    r"""blocks of the trunk. Default 32; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = None
    r"""heads of keys and values; null: one per query head. Default None; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = 128
    r"""width of a head; null: hidden_size / num_attention_heads. Default 128; gives the weights their shape."""
    rms_norm_eps: float = 1e-06
    r"""added to the mean square in every norm. Default 1e-06; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    mlp_bias: bool = False
    r"""whether the feed-forward has a bias. Default False; gives the weights their shape."""
    use_sliding_window: bool = False
    r"""whether some layers see a window only. Default False; changes results."""
    sliding_window: int | None = 4096
    r"""tokens that a token sees, itself included; null for all. Default 4096; changes results."""
    max_window_layers: int = 28
    r"""the first layer with a window, counted from 0. Default 28; changes results."""
    layer_types: list[str] | None = None
    r"""which layers have a window; null: from max_window_layers on. Default None; changes results."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""

class Qwen3MoeConfig(FamilyConfig):
    r"""The keys of a Qwen3-MoE ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 32768; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 151936; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 2048; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward of a layer without a mixture. Default 6144; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 24; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default 4; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-06; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        mlp_bias (bool): whether the feed-forward has a bias. Default False; gives the weights their shape.
        use_sliding_window (bool): whether some layers see a window only. Default False; changes results.
        sliding_window (int | None): tokens that a token sees, itself included; null for all. Default 4096; changes results.
        max_window_layers (int): a layer that this family's windows never read. Default 28; without effect here.
        layer_types (list[str] | None): kinds of layers that this family never reads. Default None; without effect here.
        output_router_logits (bool): whether outputs hold the routers' scores. Default False; changes results; only False is implemented.
        router_aux_loss_coef (float): weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.001; without effect here.
        num_experts_per_tok (int): experts of a token. Default 8; changes results.
        num_experts (int): experts of a layer with a mixture. Default 128; gives the weights their shape.
        moe_intermediate_size (int): width inside an expert. Default 768; gives the weights their shape.
        decoder_sparse_step (int): of so many layers the last has a mixture. Default 1; gives the weights their shape.
        mlp_only_layers (list[int] | None): layers without a mixture, counted from 0. Default None; gives the weights their shape.
        norm_topk_prob (bool): whether the weights of a token's experts are divided by their sum. Default False; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 32768
    r"""longest text the model was made for, in tokens. Default 32768; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 151936
    r"""entries of the vocabulary. Default 151936; gives the weights their shape."""
    hidden_size: int = 2048
    r"""width of every hidden state. Default 2048; gives the weights their shape."""
    intermediate_size: int = 6144
    r"""width inside the feed-forward of a layer without a mixture. Default 6144; gives the weights their shape."""
    num_hidden_layers: int = 24
    r"""blocks of the trunk. Default 24; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = 4
    r"""heads of keys and values; null: one per query head. Default 4; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    rms_norm_eps: float = 1e-06
    r"""added to the mean square in every norm. Default 1e-06; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    mlp_bias: bool = False
    r"""whether the feed-forward has a bias. Default False; gives the weights their shape."""
    use_sliding_window: bool = False
    r"""whether some layers see a window only. Default False; changes results."""
    sliding_window: int | None = 4096
    r"""tokens that a token sees, itself included; null for all. Default 4096; changes results."""
    max_window_layers: int = 28
    r"""a layer that this family's windows never read. Default 28; without effect here."""
    layer_types: list[str] | None = None
    r"""kinds of layers that this family never reads. Default None; without effect here."""
    output_router_logits: bool = False
    r"""whether outputs hold the routers' scores. Default False; changes results; only False is implemented."""
    router_aux_loss_coef: float = 0.001
    r"""weight of a loss that evens the load of experts; torso's losses leave it out. Default 0.001; without effect here."""
    num_experts_per_tok: int = 8
    r"""experts of a token. Default 8; changes results."""
    num_experts: int = 128
    r"""experts of a layer with a mixture. Default 128; gives the weights their shape."""
    moe_intermediate_size: int = 768
    r"""width inside an expert. Default 768; gives the weights their shape."""
    decoder_sparse_step: int = 1
    r"""of so many layers the last has a mixture. Default 1; gives the weights their shape."""
    mlp_only_layers: list[int] | None = None
    r"""layers without a mixture, counted from 0. Default None; gives the weights their shape."""
    norm_topk_prob: bool = False
    r"""whether the weights of a token's experts are divided by their sum. Default False; changes results."""

class RemBertConfig(FamilyConfig):
    r"""The keys of a RemBERT ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 250300; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 1152; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 32; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 18; changes results.
        intermediate_size (int): width inside the feed-forward. Default 4608; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.0; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.0; acts in training.
        max_position_embeddings (int): longest text, in tokens. Default 512; gives the weights their shape.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-12; changes results.
        type_vocab_size (int): segments: first and second text. Default 2; gives the weights their shape.
        input_embedding_size (int): width of the embeddings, before they are projected. Default 256; gives the weights their shape.
        output_embedding_size (int): width of the output matrix. Default 1664; gives the weights their shape.
        classifier_dropout_prob (float): dropout before a head of labels. Default 0.1; acts in training.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): the output matrix is always one of its own. Default False; without effect here.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 312; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 313; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 250300
    r"""entries of the vocabulary. Default 250300; gives the weights their shape."""
    hidden_size: int = 1152
    r"""width of every hidden state. Default 1152; gives the weights their shape."""
    num_hidden_layers: int = 32
    r"""blocks of the trunk. Default 32; gives the weights their shape."""
    num_attention_heads: int = 18
    r"""heads that share the width. Default 18; changes results."""
    intermediate_size: int = 4608
    r"""width inside the feed-forward. Default 4608; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    hidden_dropout_prob: float = 0.0
    r"""dropout on embeddings and block outputs. Default 0.0; acts in training."""
    attention_probs_dropout_prob: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    max_position_embeddings: int = 512
    r"""longest text, in tokens. Default 512; gives the weights their shape."""
    layer_norm_eps: float = 1e-12
    r"""added to the variance in every norm. Default 1e-12; changes results."""
    type_vocab_size: int = 2
    r"""segments: first and second text. Default 2; gives the weights their shape."""
    input_embedding_size: int = 256
    r"""width of the embeddings, before they are projected. Default 256; gives the weights their shape."""
    output_embedding_size: int = 1664
    r"""width of the output matrix. Default 1664; gives the weights their shape."""
    classifier_dropout_prob: float = 0.1
    r"""dropout before a head of labels. Default 0.1; acts in training."""
    tie_word_embeddings: bool = False
    r"""the output matrix is always one of its own. Default False; without effect here."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""
    bos_token_id: int | None = 312
    r"""id of the token that begins a text. Default 312; without effect here."""
    eos_token_id: int | list[int] | None = 313
    r"""id of the token that ends a text. Default 313; without effect here."""

class RobertaConfig(FamilyConfig):
    r"""The keys of a RoBERTa ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 50265; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 768; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 12; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 12; changes results.
        intermediate_size (int): width inside the feed-forward. Default 3072; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.1; acts in training.
        max_position_embeddings (int): rows of the table of positions; those up to pad_token_id are no position. Default 512; gives the weights their shape.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-12; changes results.
        type_vocab_size (int): segments: first and second text. Default 2; gives the weights their shape.
        classifier_dropout (float | None): dropout before a head; null takes hidden_dropout_prob. Default None; acts in training.
        position_embedding_type (str): how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int): id of the padding token; positions count from behind it. Default 1; changes results.
        bos_token_id (int | None): id of the token that begins a text. Default 0; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 50265
    r"""entries of the vocabulary. Default 50265; gives the weights their shape."""
    hidden_size: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    num_hidden_layers: int = 12
    r"""blocks of the trunk. Default 12; gives the weights their shape."""
    num_attention_heads: int = 12
    r"""heads that share the width. Default 12; changes results."""
    intermediate_size: int = 3072
    r"""width inside the feed-forward. Default 3072; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    hidden_dropout_prob: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_probs_dropout_prob: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    max_position_embeddings: int = 512
    r"""rows of the table of positions; those up to pad_token_id are no position. Default 512; gives the weights their shape."""
    layer_norm_eps: float = 1e-12
    r"""added to the variance in every norm. Default 1e-12; changes results."""
    type_vocab_size: int = 2
    r"""segments: first and second text. Default 2; gives the weights their shape."""
    classifier_dropout: float | None = None
    r"""dropout before a head; null takes hidden_dropout_prob. Default None; acts in training."""
    position_embedding_type: str = "absolute"
    r"""how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented."""
    pad_token_id: int = 1
    r"""id of the padding token; positions count from behind it. Default 1; changes results."""
    bos_token_id: int | None = 0
    r"""id of the token that begins a text. Default 0; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""

class RoFormerConfig(FamilyConfig):
    r"""The keys of a RoFormer ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 50000; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 768; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 12; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 12; changes results.
        intermediate_size (int): width inside the feed-forward. Default 3072; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.1; acts in training.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 1536; changes results.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-12; changes results.
        embedding_size (int | None): width of the embeddings, before they are projected; null: hidden_size. Default None; gives the weights their shape.
        type_vocab_size (int): segments: first and second text. Default 2; gives the weights their shape.
        rotary_value (bool): whether values turn with their positions too. Default False; changes results; only False is implemented.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 50000
    r"""entries of the vocabulary. Default 50000; gives the weights their shape."""
    hidden_size: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    num_hidden_layers: int = 12
    r"""blocks of the trunk. Default 12; gives the weights their shape."""
    num_attention_heads: int = 12
    r"""heads that share the width. Default 12; changes results."""
    intermediate_size: int = 3072
    r"""width inside the feed-forward. Default 3072; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    hidden_dropout_prob: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_probs_dropout_prob: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    max_position_embeddings: int = 1536
    r"""longest text the model was made for, in tokens. Default 1536; changes results."""
    layer_norm_eps: float = 1e-12
    r"""added to the variance in every norm. Default 1e-12; changes results."""
    embedding_size: int | None = None
    r"""width of the embeddings, before they are projected; null: hidden_size. Default None; gives the weights their shape."""
    type_vocab_size: int = 2
    r"""segments: first and second text. Default 2; gives the weights their shape."""
    rotary_value: bool = False
    r"""whether values turn with their positions too. Default False; changes results; only False is implemented."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""

class SeedOssConfig(FamilyConfig):
    r"""The keys of a Seed-OSS ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 524288; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 155136; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 4096; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 27648; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 64; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 80; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default 8; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.1; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default 128; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-06; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections into attention have a bias. Default True; gives the weights their shape.
        mlp_bias (bool): whether the feed-forward has a bias. Default False; gives the weights their shape.
        attention_out_bias (bool): whether the projection out of attention has one. Default False; gives the weights their shape.
        residual_dropout (float): dropout on what attention and feed-forward add. Default 0.1; acts in training.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 1; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 0; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 524288
    r"""longest text the model was made for, in tokens. Default 524288; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 155136
    r"""entries of the vocabulary. Default 155136; gives the weights their shape."""
    hidden_size: int = 4096
    r"""width of every hidden state. Default 4096; gives the weights their shape."""
    intermediate_size: int = 27648
    r"""width inside the feed-forward. Default 27648; gives the weights their shape."""
    num_hidden_layers: int = 64
    r"""blocks of the trunk. Default 64; gives the weights their shape."""
    num_attention_heads: int = 80
    r"""heads that share the width. Default 80; changes results."""
    num_key_value_heads: int | None = 8
    r"""heads of keys and values; null: one per query head. Default 8; gives the weights their shape."""
    attention_dropout: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = 128
    r"""width of a head; null: hidden_size / num_attention_heads. Default 128; gives the weights their shape."""
    rms_norm_eps: float = 1e-06
    r"""added to the mean square in every norm. Default 1e-06; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = True
    r"""whether the projections into attention have a bias. Default True; gives the weights their shape."""
    mlp_bias: bool = False
    r"""whether the feed-forward has a bias. Default False; gives the weights their shape."""
    attention_out_bias: bool = False
    r"""whether the projection out of attention has one. Default False; gives the weights their shape."""
    residual_dropout: float = 0.1
    r"""dropout on what attention and feed-forward add. Default 0.1; acts in training."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""
    pad_token_id: int | None = 1
    r"""id of the padding token; torso packs texts and needs none. Default 1; without effect here."""
    bos_token_id: int | None = 0
    r"""id of the token that begins a text. Default 0; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""

class SmolLM3Config(FamilyConfig):
    r"""The keys of a SmolLM3 ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 2000000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 32768; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 128256; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 2048; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 11008; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 36; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 16; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default 4; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        head_dim (int | None): width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape.
        rms_norm_eps (float): added to the mean square in every norm. Default 1e-06; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        attention_bias (bool): whether the projections of attention have a bias. Default False; gives the weights their shape.
        mlp_bias (bool): whether the feed-forward has a bias. Default False; gives the weights their shape.
        no_rope_layers (list[int] | None): 1 for each layer with rotary positions, 0 for one without; null: by no_rope_layer_interval. Default None; changes results.
        no_rope_layer_interval (int): of so many layers the last has no positions. Default 4; changes results.
        use_sliding_window (bool): whether layers without positions see a window only. Default False; changes results.
        sliding_window (int | None): tokens that a token sees, itself included; null for all. Default None; changes results.
        layer_types (list[str] | None): which layers have a window; null: as use_sliding_window says. Default None; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 128004; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 128000; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 128001; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 2000000.0
    r"""base of the rotary angles. Default 2000000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 32768
    r"""longest text the model was made for, in tokens. Default 32768; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 128256
    r"""entries of the vocabulary. Default 128256; gives the weights their shape."""
    hidden_size: int = 2048
    r"""width of every hidden state. Default 2048; gives the weights their shape."""
    intermediate_size: int = 11008
    r"""width inside the feed-forward. Default 11008; gives the weights their shape."""
    num_hidden_layers: int = 36
    r"""blocks of the trunk. Default 36; gives the weights their shape."""
    num_attention_heads: int = 16
    r"""heads that share the width. Default 16; changes results."""
    num_key_value_heads: int | None = 4
    r"""heads of keys and values; null: one per query head. Default 4; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    head_dim: int | None = None
    r"""width of a head; null: hidden_size / num_attention_heads. Default None; gives the weights their shape."""
    rms_norm_eps: float = 1e-06
    r"""added to the mean square in every norm. Default 1e-06; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    attention_bias: bool = False
    r"""whether the projections of attention have a bias. Default False; gives the weights their shape."""
    mlp_bias: bool = False
    r"""whether the feed-forward has a bias. Default False; gives the weights their shape."""
    no_rope_layers: list[int] | None = None
    r"""1 for each layer with rotary positions, 0 for one without; null: by no_rope_layer_interval. Default None; changes results."""
    no_rope_layer_interval: int = 4
    r"""of so many layers the last has no positions. Default 4; changes results."""
    use_sliding_window: bool = False
    r"""whether layers without positions see a window only. Default False; changes results."""
    sliding_window: int | None = None
    r"""tokens that a token sees, itself included; null for all. Default None; changes results."""
    layer_types: list[str] | None = None
    r"""which layers have a window; null: as use_sliding_window says. Default None; changes results."""
    pad_token_id: int | None = 128004
    r"""id of the padding token; torso packs texts and needs none. Default 128004; without effect here."""
    bos_token_id: int | None = 128000
    r"""id of the token that begins a text. Default 128000; without effect here."""
    eos_token_id: int | list[int] | None = 128001
    r"""id of the token that ends a text. Default 128001; without effect here."""

class StableLmConfig(FamilyConfig):
    r"""The keys of a StableLM ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 0.25; changes results.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 4096; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 50304; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 2560; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 6912; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 32; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default 32; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-05; changes results.
        hidden_act (str): activation of the feed-forward. Default 'silu'; changes results.
        use_qkv_bias (bool): whether the projections into attention have a bias. Default False; gives the weights their shape.
        qk_layernorm (bool): whether each head's queries and keys are normed. Default False; gives the weights their shape.
        use_parallel_residual (bool): whether the feed-forward reads what attention reads, or what it leaves. Default False; gives the weights their shape.
        hidden_dropout (float): dropout on what the feed-forward adds. Default 0.0; acts in training.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default False; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 0; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 0; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 0.25
    r"""share of a head's units that turn. Default 0.25; changes results."""
    max_position_embeddings: int = 4096
    r"""longest text the model was made for, in tokens. Default 4096; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 50304
    r"""entries of the vocabulary. Default 50304; gives the weights their shape."""
    hidden_size: int = 2560
    r"""width of every hidden state. Default 2560; gives the weights their shape."""
    intermediate_size: int = 6912
    r"""width inside the feed-forward. Default 6912; gives the weights their shape."""
    num_hidden_layers: int = 32
    r"""blocks of the trunk. Default 32; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    num_key_value_heads: int | None = 32
    r"""heads of keys and values; null: one per query head. Default 32; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    layer_norm_eps: float = 1e-05
    r"""added to the variance in every norm. Default 1e-05; changes results."""
    hidden_act: str = "silu"
    r"""activation of the feed-forward. Default 'silu'; changes results."""
    use_qkv_bias: bool = False
    r"""whether the projections into attention have a bias. Default False; gives the weights their shape."""
    qk_layernorm: bool = False
    r"""whether each head's queries and keys are normed. Default False; gives the weights their shape."""
    use_parallel_residual: bool = False
    r"""whether the feed-forward reads what attention reads, or what it leaves. Default False; gives the weights their shape."""
    hidden_dropout: float = 0.0
    r"""dropout on what the feed-forward adds. Default 0.0; acts in training."""
    tie_word_embeddings: bool = False
    r"""whether the token embeddings are the output matrix too. Default False; gives the weights their shape."""
    bos_token_id: int | None = 0
    r"""id of the token that begins a text. Default 0; without effect here."""
    eos_token_id: int | list[int] | None = 0
    r"""id of the token that ends a text. Default 0; without effect here."""

class Starcoder2Config(FamilyConfig):
    r"""The keys of a StarCoder 2 ``config.json``, under the names the Hub gives them.

    Args:
        rope_theta (float): base of the rotary angles. Default 10000.0; changes results.
        rope_scaling (dict[str, Any] | None): how rotary angles are stretched to longer texts. Default None; changes results.
        rope_parameters (dict[str, Any] | None): base and stretching of rotary angles, in one table. Default None; changes results.
        partial_rotary_factor (float): share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented.
        max_position_embeddings (int): longest text the model was made for, in tokens. Default 4096; changes results.
        original_max_position_embeddings (int | None): longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results.
        vocab_size (int): entries of the vocabulary. Default 49152; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 3072; gives the weights their shape.
        intermediate_size (int): width inside the feed-forward. Default 12288; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 30; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 24; changes results.
        num_key_value_heads (int | None): heads of keys and values; null: one per query head. Default 2; gives the weights their shape.
        attention_dropout (float): dropout on attention weights. Default 0.0; acts in training.
        classifier_dropout (float | None): dropout before a head of labels; null is 0.1. Default None; acts in training.
        hidden_act (str): activation of the feed-forward. Default 'gelu_pytorch_tanh'; changes results.
        norm_epsilon (float): added to the variance in every norm. Default 1e-05; changes results.
        sliding_window (int | None): tokens that a token sees, itself included; null for all. Default None; changes results.
        residual_dropout (float): dropout on what attention and feed-forward add. Default 0.0; acts in training.
        embedding_dropout (float): dropout on embeddings. Default 0.0; acts in training.
        use_bias (bool): whether the projections have a bias. Default True; gives the weights their shape.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default 50256; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 50256; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    rope_theta: float = 10000.0
    r"""base of the rotary angles. Default 10000.0; changes results."""
    rope_scaling: dict[str, Any] | None = None
    r"""how rotary angles are stretched to longer texts. Default None; changes results."""
    rope_parameters: dict[str, Any] | None = None
    r"""base and stretching of rotary angles, in one table. Default None; changes results."""
    partial_rotary_factor: float = 1.0
    r"""share of a head's units that turn. Default 1.0; changes results; only 1.0 is implemented."""
    max_position_embeddings: int = 4096
    r"""longest text the model was made for, in tokens. Default 4096; changes results."""
    original_max_position_embeddings: int | None = None
    r"""longest text before RoPE scaling, in tokens; null: stated in the RoPE table. Default None; changes results."""
    vocab_size: int = 49152
    r"""entries of the vocabulary. Default 49152; gives the weights their shape."""
    hidden_size: int = 3072
    r"""width of every hidden state. Default 3072; gives the weights their shape."""
    intermediate_size: int = 12288
    r"""width inside the feed-forward. Default 12288; gives the weights their shape."""
    num_hidden_layers: int = 30
    r"""blocks of the trunk. Default 30; gives the weights their shape."""
    num_attention_heads: int = 24
    r"""heads that share the width. Default 24; changes results."""
    num_key_value_heads: int | None = 2
    r"""heads of keys and values; null: one per query head. Default 2; gives the weights their shape."""
    attention_dropout: float = 0.0
    r"""dropout on attention weights. Default 0.0; acts in training."""
    classifier_dropout: float | None = None
    r"""dropout before a head of labels; null is 0.1. Default None; acts in training."""
    hidden_act: str = "gelu_pytorch_tanh"
    r"""activation of the feed-forward. Default 'gelu_pytorch_tanh'; changes results."""
    norm_epsilon: float = 1e-05
    r"""added to the variance in every norm. Default 1e-05; changes results."""
    sliding_window: int | None = None
    r"""tokens that a token sees, itself included; null for all. Default None; changes results."""
    residual_dropout: float = 0.0
    r"""dropout on what attention and feed-forward add. Default 0.0; acts in training."""
    embedding_dropout: float = 0.0
    r"""dropout on embeddings. Default 0.0; acts in training."""
    use_bias: bool = True
    r"""whether the projections have a bias. Default True; gives the weights their shape."""
    bos_token_id: int | None = 50256
    r"""id of the token that begins a text. Default 50256; without effect here."""
    eos_token_id: int | list[int] | None = 50256
    r"""id of the token that ends a text. Default 50256; without effect here."""

class StaticConfig(FamilyConfig):
    r"""The keys of a model2vec ``config.json``; what they leave open is read in the weights.

    Args:
        vocab_size (int): tokens, each with a row of the table. Default 29528; gives the weights their shape.
        hidden_dim (int): width of every row. Default 256; gives the weights their shape.
        seq_length (int | None): longest text of model2vec, in tokens; texts of any length run. Default None; without effect here.
        normalize (bool): whether model2vec normalises; here modules.json says so. Default True; without effect here.
        tokenizer_name (str | None): model that the tokenizer and the rows were made from. Default None; without effect here.
        apply_pca (int | float | bool | None): components that were kept of the rows. Default None; without effect here.
        apply_zipf (bool | None): whether rows were weighted by the rank of their token. Default None; without effect here.
        sif_coefficient (float | None): how rows were weighted by frequency. Default None; without effect here.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default None; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default None; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 29528
    r"""tokens, each with a row of the table. Default 29528; gives the weights their shape."""
    hidden_dim: int = 256
    r"""width of every row. Default 256; gives the weights their shape."""
    seq_length: int | None = None
    r"""longest text of model2vec, in tokens; texts of any length run. Default None; without effect here."""
    normalize: bool = True
    r"""whether model2vec normalises; here modules.json says so. Default True; without effect here."""
    tokenizer_name: str | None = None
    r"""model that the tokenizer and the rows were made from. Default None; without effect here."""
    apply_pca: int | float | bool | None = None
    r"""components that were kept of the rows. Default None; without effect here."""
    apply_zipf: bool | None = None
    r"""whether rows were weighted by the rank of their token. Default None; without effect here."""
    sif_coefficient: float | None = None
    r"""how rows were weighted by frequency. Default None; without effect here."""

class T5Config(FamilyConfig):
    r"""The keys of a T5 ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 32128; gives the weights their shape.
        d_model (int): width of every hidden state. Default 512; gives the weights their shape.
        d_kv (int): width of a head. Default 64; gives the weights their shape.
        d_ff (int): width inside the feed-forward. Default 2048; gives the weights their shape.
        num_layers (int): blocks of the encoder. Default 6; gives the weights their shape.
        num_decoder_layers (int | None): blocks of the decoder; null: as the encoder. Default None; gives the weights their shape.
        num_heads (int): heads of attention. Default 8; gives the weights their shape.
        relative_attention_num_buckets (int): buckets of distance. Default 32; gives the weights their shape.
        relative_attention_max_distance (int): distance from which all is one bucket. Default 128; changes results.
        dropout_rate (float): dropout everywhere but before a classifier. Default 0.1; acts in training.
        classifier_dropout (float): dropout before a head of labels. Default 0.0; acts in training.
        layer_norm_epsilon (float): added to the mean square in every norm. Default 1e-06; changes results.
        feed_forward_proj (str): activation of the feed-forward, gated or not. Default 'relu'; gives the weights their shape.
        scale_decoder_outputs (bool | None): scale rows before the vocabulary; null: if tied. Default None; changes results.
        decoder_start_token_id (int): id of the token that a target begins with. Default 0; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 1; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the file holds a decoder too; the weights tell. Default True; without effect here.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 32128
    r"""entries of the vocabulary. Default 32128; gives the weights their shape."""
    d_model: int = 512
    r"""width of every hidden state. Default 512; gives the weights their shape."""
    d_kv: int = 64
    r"""width of a head. Default 64; gives the weights their shape."""
    d_ff: int = 2048
    r"""width inside the feed-forward. Default 2048; gives the weights their shape."""
    num_layers: int = 6
    r"""blocks of the encoder. Default 6; gives the weights their shape."""
    num_decoder_layers: int | None = None
    r"""blocks of the decoder; null: as the encoder. Default None; gives the weights their shape."""
    num_heads: int = 8
    r"""heads of attention. Default 8; gives the weights their shape."""
    relative_attention_num_buckets: int = 32
    r"""buckets of distance. Default 32; gives the weights their shape."""
    relative_attention_max_distance: int = 128
    r"""distance from which all is one bucket. Default 128; changes results."""
    dropout_rate: float = 0.1
    r"""dropout everywhere but before a classifier. Default 0.1; acts in training."""
    classifier_dropout: float = 0.0
    r"""dropout before a head of labels. Default 0.0; acts in training."""
    layer_norm_epsilon: float = 1e-06
    r"""added to the mean square in every norm. Default 1e-06; changes results."""
    feed_forward_proj: str = "relu"
    r"""activation of the feed-forward, gated or not. Default 'relu'; gives the weights their shape."""
    scale_decoder_outputs: bool | None = None
    r"""scale rows before the vocabulary; null: if tied. Default None; changes results."""
    decoder_start_token_id: int = 0
    r"""id of the token that a target begins with. Default 0; changes results."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""
    eos_token_id: int | list[int] | None = 1
    r"""id of the token that ends a text. Default 1; without effect here."""
    is_encoder_decoder: bool = True
    r"""whether the file holds a decoder too; the weights tell. Default True; without effect here."""

class UMT5Config(FamilyConfig):
    r"""The keys of a umT5 ``config.json``.

    Args:
        vocab_size (int): entries of the vocabulary. Default 250112; gives the weights their shape.
        d_model (int): width of every hidden state. Default 512; gives the weights their shape.
        d_kv (int): width of a head. Default 64; gives the weights their shape.
        d_ff (int): width inside the feed-forward. Default 1024; gives the weights their shape.
        num_layers (int): blocks of the encoder. Default 8; gives the weights their shape.
        num_decoder_layers (int | None): blocks of the decoder; null: as the encoder. Default None; gives the weights their shape.
        num_heads (int): heads of attention. Default 6; gives the weights their shape.
        relative_attention_num_buckets (int): buckets of distance. Default 32; gives the weights their shape.
        relative_attention_max_distance (int): distance from which all is one bucket. Default 128; changes results.
        dropout_rate (float): dropout everywhere but before a classifier. Default 0.1; acts in training.
        classifier_dropout (float): dropout before a head of labels. Default 0.0; acts in training.
        layer_norm_epsilon (float): added to the mean square in every norm. Default 1e-06; changes results.
        feed_forward_proj (str): activation of the feed-forward, gated or not. Default 'gated-gelu'; gives the weights their shape.
        scale_decoder_outputs (bool | None): scale rows before the vocabulary; null: if tied. Default None; changes results.
        decoder_start_token_id (int): id of the token that a target begins with. Default 0; changes results.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int | None): id of the padding token; torso packs texts and needs none. Default 0; without effect here.
        bos_token_id (int | None): id of the token that begins a text. Default None; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 1; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the file holds a decoder too; the weights tell. Default True; without effect here.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 250112
    r"""entries of the vocabulary. Default 250112; gives the weights their shape."""
    d_model: int = 512
    r"""width of every hidden state. Default 512; gives the weights their shape."""
    d_kv: int = 64
    r"""width of a head. Default 64; gives the weights their shape."""
    d_ff: int = 1024
    r"""width inside the feed-forward. Default 1024; gives the weights their shape."""
    num_layers: int = 8
    r"""blocks of the encoder. Default 8; gives the weights their shape."""
    num_decoder_layers: int | None = None
    r"""blocks of the decoder; null: as the encoder. Default None; gives the weights their shape."""
    num_heads: int = 6
    r"""heads of attention. Default 6; gives the weights their shape."""
    relative_attention_num_buckets: int = 32
    r"""buckets of distance. Default 32; gives the weights their shape."""
    relative_attention_max_distance: int = 128
    r"""distance from which all is one bucket. Default 128; changes results."""
    dropout_rate: float = 0.1
    r"""dropout everywhere but before a classifier. Default 0.1; acts in training."""
    classifier_dropout: float = 0.0
    r"""dropout before a head of labels. Default 0.0; acts in training."""
    layer_norm_epsilon: float = 1e-06
    r"""added to the mean square in every norm. Default 1e-06; changes results."""
    feed_forward_proj: str = "gated-gelu"
    r"""activation of the feed-forward, gated or not. Default 'gated-gelu'; gives the weights their shape."""
    scale_decoder_outputs: bool | None = None
    r"""scale rows before the vocabulary; null: if tied. Default None; changes results."""
    decoder_start_token_id: int = 0
    r"""id of the token that a target begins with. Default 0; changes results."""
    pad_token_id: int | None = 0
    r"""id of the padding token; torso packs texts and needs none. Default 0; without effect here."""
    eos_token_id: int | list[int] | None = 1
    r"""id of the token that ends a text. Default 1; without effect here."""
    is_encoder_decoder: bool = True
    r"""whether the file holds a decoder too; the weights tell. Default True; without effect here."""

class XLMRobertaConfig(FamilyConfig):
    r"""The keys of an XLM-R ``config.json``.

    Args:
        vocab_size (int): entries of the vocabulary. Default 30522; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 768; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 12; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 12; changes results.
        intermediate_size (int): width inside the feed-forward. Default 3072; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.1; acts in training.
        max_position_embeddings (int): rows of the table of positions; those up to pad_token_id are no position. Default 512; gives the weights their shape.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-12; changes results.
        type_vocab_size (int): segments: first and second text. Default 2; gives the weights their shape.
        classifier_dropout (float | None): dropout before a head; null takes hidden_dropout_prob. Default None; acts in training.
        position_embedding_type (str): how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int): id of the padding token; positions count from behind it. Default 1; changes results.
        bos_token_id (int | None): id of the token that begins a text. Default 0; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 30522
    r"""entries of the vocabulary. Default 30522; gives the weights their shape."""
    hidden_size: int = 768
    r"""width of every hidden state. Default 768; gives the weights their shape."""
    num_hidden_layers: int = 12
    r"""blocks of the trunk. Default 12; gives the weights their shape."""
    num_attention_heads: int = 12
    r"""heads that share the width. Default 12; changes results."""
    intermediate_size: int = 3072
    r"""width inside the feed-forward. Default 3072; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    hidden_dropout_prob: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_probs_dropout_prob: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    max_position_embeddings: int = 512
    r"""rows of the table of positions; those up to pad_token_id are no position. Default 512; gives the weights their shape."""
    layer_norm_eps: float = 1e-12
    r"""added to the variance in every norm. Default 1e-12; changes results."""
    type_vocab_size: int = 2
    r"""segments: first and second text. Default 2; gives the weights their shape."""
    classifier_dropout: float | None = None
    r"""dropout before a head; null takes hidden_dropout_prob. Default None; acts in training."""
    position_embedding_type: str = "absolute"
    r"""how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented."""
    pad_token_id: int = 1
    r"""id of the padding token; positions count from behind it. Default 1; changes results."""
    bos_token_id: int | None = 0
    r"""id of the token that begins a text. Default 0; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""

class XLMRobertaXLConfig(FamilyConfig):
    r"""The keys of an XLM-R XL ``config.json``, under the names the Hub gives them.

    Args:
        vocab_size (int): entries of the vocabulary. Default 250880; gives the weights their shape.
        hidden_size (int): width of every hidden state. Default 2560; gives the weights their shape.
        num_hidden_layers (int): blocks of the trunk. Default 36; gives the weights their shape.
        num_attention_heads (int): heads that share the width. Default 32; changes results.
        intermediate_size (int): width inside the feed-forward. Default 10240; gives the weights their shape.
        hidden_act (str): activation of the feed-forward. Default 'gelu'; changes results.
        hidden_dropout_prob (float): dropout on embeddings and block outputs. Default 0.1; acts in training.
        attention_probs_dropout_prob (float): dropout on attention weights. Default 0.1; acts in training.
        max_position_embeddings (int): rows of the table of positions; those up to pad_token_id are no position. Default 514; gives the weights their shape.
        layer_norm_eps (float): added to the variance in every norm. Default 1e-05; changes results.
        type_vocab_size (int): segments: first and second text. Default 1; gives the weights their shape.
        classifier_dropout (float | None): dropout before a head; null takes hidden_dropout_prob. Default None; acts in training.
        position_embedding_type (str): how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented.
        architectures (list[str] | None): classes of transformers that the file was saved for. Default None; without effect here.
        num_labels (int | None): labels of the task's head; follows from id2label. Default None; gives the weights their shape.
        id2label (dict[int, str] | None): name of each label. Default None; changes results.
        label2id (dict[str, int] | None): number of each label, the inverse of id2label. Default None; changes results.
        problem_type (str | None): loss of a sequence head; null decides by the labels given. Default None; acts in training.
        output_attentions (bool): whether padded models return attention weights by default. Default False; changes results.
        output_hidden_states (bool): whether padded models return every layer's rows by default. Default False; changes results.
        tie_word_embeddings (bool): whether the token embeddings are the output matrix too. Default True; gives the weights their shape.
        initializer_range (float): spread of the weights of a new head. Default 0.02; acts in training.
        dtype (str | None): number format the weights were saved in; the file itself decides. Default None; without effect here.
        pad_token_id (int): id of the padding token; positions count from behind it. Default 1; changes results.
        bos_token_id (int | None): id of the token that begins a text. Default 0; without effect here.
        eos_token_id (int | list[int] | None): id of the token that ends a text. Default 2; without effect here.
        sep_token_id (int | None): id of the token between two texts. Default None; without effect here.
        cls_token_id (int | None): id of the classification token. Default None; without effect here.
        is_encoder_decoder (bool): whether the model has an encoder and a decoder. Default False; changes results; only False is implemented.
        is_decoder (bool): whether the blocks see earlier tokens only. Default False; changes results; only False is implemented.
        add_cross_attention (bool): whether the blocks read another model's rows. Default False; changes results; only False is implemented.
    """

    vocab_size: int = 250880
    r"""entries of the vocabulary. Default 250880; gives the weights their shape."""
    hidden_size: int = 2560
    r"""width of every hidden state. Default 2560; gives the weights their shape."""
    num_hidden_layers: int = 36
    r"""blocks of the trunk. Default 36; gives the weights their shape."""
    num_attention_heads: int = 32
    r"""heads that share the width. Default 32; changes results."""
    intermediate_size: int = 10240
    r"""width inside the feed-forward. Default 10240; gives the weights their shape."""
    hidden_act: str = "gelu"
    r"""activation of the feed-forward. Default 'gelu'; changes results."""
    hidden_dropout_prob: float = 0.1
    r"""dropout on embeddings and block outputs. Default 0.1; acts in training."""
    attention_probs_dropout_prob: float = 0.1
    r"""dropout on attention weights. Default 0.1; acts in training."""
    max_position_embeddings: int = 514
    r"""rows of the table of positions; those up to pad_token_id are no position. Default 514; gives the weights their shape."""
    layer_norm_eps: float = 1e-05
    r"""added to the variance in every norm. Default 1e-05; changes results."""
    type_vocab_size: int = 1
    r"""segments: first and second text. Default 1; gives the weights their shape."""
    classifier_dropout: float | None = None
    r"""dropout before a head; null takes hidden_dropout_prob. Default None; acts in training."""
    position_embedding_type: str = "absolute"
    r"""how positions enter the model. Default 'absolute'; changes results; only 'absolute' is implemented."""
    pad_token_id: int = 1
    r"""id of the padding token; positions count from behind it. Default 1; changes results."""
    bos_token_id: int | None = 0
    r"""id of the token that begins a text. Default 0; without effect here."""
    eos_token_id: int | list[int] | None = 2
    r"""id of the token that ends a text. Default 2; without effect here."""
