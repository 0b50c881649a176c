/* The C interface of torso's kernels: plain pointers and numbers, all memory is the caller's.
 *
 * float32 and int64 arrays are contiguous; nothing need be aligned. No function keeps a pointer after it returns, none
 * allocates anything that the caller frees. Functions that compute may be called from several threads at once. */
#ifndef TORSO_KERNELS_H
#define TORSO_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TORSO_KERNELS_VERSION 10

enum {
    TORSO_FLOAT32 = 0,
    TORSO_BFLOAT16 = 1,
    TORSO_EIGHT_BITS = 2,
    TORSO_EIGHT_BIT_GROUPS = 3, /* every 32 inputs share a scale; rows are quantised likewise */
    TORSO_FOUR_BIT_GROUPS = 4   /* and a minimum */
};
/* What a function answers: it was done; memory for its workspace ran out; an id has no row in its table, and nothing
 * was computed; or the chosen instruction set has no such kind. */
enum { TORSO_OK = 0, TORSO_NO_MEMORY = 1, TORSO_OUT_OF_RANGE = 2, TORSO_NO_SUCH_KIND = 3 };
enum { TORSO_NO_NORM = 0, TORSO_LAYER_NORM = 1, TORSO_RMS_NORM = 2 };

/* A weight [outputs, inputs] in panels, as torso_pack lays it out. */
typedef struct {
    int32_t kind;
    int64_t outputs, inputs;
    const void* packed;
    const float* bias;        /* padded to whole panels; null for none */
    const float* scales;      /* of eight bits: [groups, panels * panel] */
    const float* weight_sums; /* of eight bits: the same shape */
    int64_t group;            /* of eight bits: inputs that share a scale, a multiple of 4 */
} torso_matrix;

typedef struct {
    int32_t kind;
    const float* weight;
    const float* bias; /* null for none */
    float epsilon;
} torso_norm;

typedef struct {
    const float* tokens;    /* [vocabulary, width] */
    const float* segments;  /* [segments, width]; null for none */
    const float* positions; /* [length, width]; null for none */
    int64_t token_rows, segment_rows, position_rows;
    int64_t position_offset;
    float scale; /* of the tokens' rows */
    torso_norm norm;
} torso_embeddings;

typedef struct {
    torso_matrix qkv, out, up, down;
    torso_norm attn_norm, ffn_norm;
    int32_t norms_after; /* whether norms follow the sums, rather than precede the branches */
    int32_t gated;       /* whether up gives [gate | up] */
    int32_t activation;
    int32_t turns;       /* which angles turn queries and keys; negative for none */
    int64_t left, right; /* how many earlier and later keys a query sees; negative for all */
    float scale;
    /* Rows of distances that queries and that keys meet, [heads * rows, head_size] of the kind of `compute`, rows in
     * whole panels; packed is null where they meet none. Scores gain both products, before the scale. */
    torso_matrix position_keys, position_queries;
} torso_block;

typedef struct {
    int32_t compute; /* TORSO_FLOAT32 or TORSO_BFLOAT16: what lies between the products */
    int64_t width, heads, key_heads, head_size, inner;
    torso_embeddings embeddings;
    int64_t depth;
    const torso_block* blocks;
    torso_norm norm;
} torso_trunk;

/* Where the norms and the sums of a block are. */
enum {
    TORSO_PRE_NORM = 0,        /* x + f(norm(x)), for attention, then for the feed-forward */
    TORSO_POST_NORM = 1,       /* norm(x + f(x)) */
    TORSO_PARALLEL = 2,        /* x + f(norm(x)) + g(norm(x)) */
    TORSO_SANDWICH = 3,        /* x + norm(f(norm(x))) */
    TORSO_NORMED_RESIDUAL = 4, /* norm(x) + f(norm(x)) */
};

/* What makes an expert's share of its score: the softmax over all of them, or its sigmoid. */
enum { TORSO_SOFTMAX = 0, TORSO_SIGMOID = 1 };

/* Experts of which each row goes through `top`: the weighted sum of what they make of it. */
typedef struct {
    int64_t experts, top;
    torso_matrix router; /* TORSO_FLOAT32: the scores of experts */
    int32_t scoring;
    int32_t normalised;            /* whether shares of a row's experts are divided by their sum */
    float least;                   /* what that sum is raised to */
    float scale;                   /* of the shares */
    const float* correction;       /* [experts] added to shares where experts are chosen, and nowhere else; or null */
    int64_t groups, kept;          /* of so many groups of neighbours a row's experts are in the best `kept` */
    int64_t best;                  /* so many of a group's largest shares add up to the group's */
    const torso_matrix *up, *down; /* [experts], all of the same sizes and kinds */
    int32_t gated;                 /* whether up gives [gate | up] */
    int32_t activation;
    float limit, slope; /* above 0, of gpt-oss: (clamp(up) + 1) * gate * sigmoid(slope * gate), gate at most limit */
    torso_matrix shared_gate; /* TORSO_FLOAT32, one output: its sigmoid is the factor of what all rows share; or null */
} torso_mixture;

/* Multi-head latent attention: keys and values are projections of one narrow row. Each head has units without positions
 * and behind them some that turn, which of keys all heads share. */
typedef struct {
    torso_matrix query_down; /* to the row that the block's qkv projects queries of; packed is null without one */
    torso_matrix kv_down;    /* to the row of keys and values, [kv.inputs], and behind it the keys' units that turn */
    torso_matrix kv;         /* to the keys' other units, and the values, of each head */
    torso_norm query_norm, kv_norm;
    int64_t size, turned, value_size; /* units; head_size of the decoder is that of the wider side */
} torso_latent;

typedef struct {
    torso_matrix qkv, out; /* of any kind but TORSO_EIGHT_BITS, as all that follow */
    torso_matrix up, down; /* beside a mixture, what all rows share; packed is null for nothing */
    torso_norm attn_norm, ffn_norm, attn_out_norm, ffn_out_norm;
    torso_norm query_norm, key_norm; /* of each head */
    int32_t joint_norms;             /* or, where this is set, of all heads of a row together */
    int32_t order;
    int32_t gated; /* whether up gives [gate | up] */
    int32_t activation;
    int32_t turns;            /* which angles turn queries and keys; negative for none */
    int32_t turns_neighbours; /* whether neighbouring units turn together, rather than the halves of a head */
    int64_t left;             /* how many earlier keys a query sees; negative for all */
    float scale, softcap;     /* scores become softcap * tanh(scores * scale / softcap); 0 for no cap */
    /* Between both branches the block may attend to what an encoder read; packed is null where it does not. */
    torso_matrix cross_query, cross_out;
    torso_norm cross_norm;
    float cross_scale;
    const torso_mixture* mixture; /* in place of up and down; or null */
    const torso_latent* latent;   /* qkv projects queries alone; or null */
    const float* sinks;           /* [heads] a score that takes its share of a query's weights for no value; or null */
} torso_decoder_block;

typedef struct {
    int64_t width, heads, key_heads, head_size, depth;
    const torso_decoder_block* blocks;
    torso_norm norm;
    torso_matrix vocabulary;
    float output_scale;  /* of the rows that the vocabulary is multiplied with */
    float softcap;       /* scores become softcap * tanh(scores / softcap); 0 for no cap */
    const float* slopes; /* [heads] times key position minus query position, added to the scores; null for none */
    int32_t cache_kind;  /* of keys and values: TORSO_FLOAT32 or TORSO_BFLOAT16, which every instruction set reads */
} torso_decoder;

/* The new tokens of N sequences, end to end. Of each sequence the earlier keys and values are in the cache, from the
 * first row of its region on; the new ones are put behind them. */
typedef struct {
    int64_t texts;
    const int64_t* starts;   /* [N + 1] */
    const float* rows;       /* [T, width] embeddings */
    const int64_t* regions;  /* [N] the first row of each in the cache */
    const int64_t* past;     /* [N] how many rows are there */
    const float* cosines[2]; /* [T, turned / 2] */
    const float* sines[2];
    int64_t turned; /* units of a head that are turned */
    void* cache;    /* [depth, 2, key_heads, cache_rows, head_size] keys, then values */
    int64_t cache_rows;
    const float* distances; /* [heads, reach + 1] added to the scores by key position minus query position, -reach to 0;
                               or null */
    int64_t reach;          /* no less than any place */
    const void* memory; /* [depth, 2, heads, memory_rows, head_size] keys and values of the encoder's rows; or null */
    int64_t memory_rows;
    const int64_t* memory_starts; /* [N] the first row that each sequence attends to */
    const int64_t* memory_sizes;  /* [N] and how many, 1 or more */
    const int64_t* wanted;        /* [W] which of the T rows are scored */
    int64_t wanted_rows;
    float* hidden; /* [W, width] after the last norm; or null */
    float* scores; /* [W, vocabulary]; or null */
    float* kept;   /* [depth, T, width] what each block reads; or null */
    int32_t threads;
} torso_decode_call;

/* N texts, end to end, and what is asked about them. */
typedef struct {
    int64_t texts;
    const int64_t* starts;    /* [N + 1] */
    const int64_t* tokens;    /* [T]; null where rows are given */
    const int64_t* segments;  /* [T]; null for all 0 */
    const int64_t* positions; /* [T] */
    const float* rows;        /* [T, width] in place of embeddings; null otherwise */
    const float* cosines[2];  /* [T, turned] */
    const float* sines[2];
    int64_t turned; /* units of a head that are turned */
    const float*
        distances; /* [heads, 2 * reach + 1] added to the scores by key position minus query position; null for none */
    const int32_t*
        relative_rows;  /* [2 * reach + 1] the row of each distance, likewise, never falling or never rising; or null */
    int64_t reach;      /* no less than any distance */
    float* out;         /* [T, width]; or [N, width] */
    int32_t pool;       /* 0: all rows; 1: of the last block only the first of each text; 2: only the last */
    float* const* kept; /* depth + 1 pointers [T, width], null where not asked for; or null */
    float* const* weights; /* depth pointers, each to one [heads, length, length] per text; or null */
    int32_t threads;
    const int64_t* seen; /* [N] how many rows of each text, from its first on, are keys; null for all */
} torso_call;

/* Queries, keys and values of N texts in rows of `row_step` numbers, float32 or bfloat16. */
typedef struct {
    int32_t kind;
    const void *queries, *keys, *values;
    int64_t row_step;
    int64_t texts;
    const int64_t* starts; /* [N + 1] */
    int64_t heads, key_heads, head_size;
    float scale;
    int64_t left, right;
    const float* distances;
    int64_t reach;
    void* to;
    int64_t to_step;
    float* weights; /* one [heads, length, length] per text; or null */
    int32_t threads;
} torso_attention_call;

/* Attention of N texts as it is trained. Rows are of `kind`, TORSO_FLOAT32 or TORSO_BFLOAT16, which every instruction
 * set reads; scores and sums are float32. Of a text with more keys than queries the last query stands at the last key.
 */
typedef struct {
    int32_t kind;
    int64_t texts;
    const int64_t* query_starts; /* [N + 1] */
    const int64_t* key_starts;   /* [N + 1] */
    int64_t heads, key_heads, head_size;
    const void* queries; /* [Tq, heads, head_size], query_step numbers from a row to the next */
    const void* keys;    /* [Tk, key_heads, head_size] */
    const void* values;
    int64_t query_step, key_step, value_step;
    float scale;
    int64_t left, right;   /* how many earlier and later keys are seen; negative for all */
    uint32_t dropped;      /* of 2^32 weights; 0 for none */
    uint64_t seed;         /* from which, with head, query and key, it follows which are dropped */
    void* to;              /* [Tq, heads, head_size]: written, or read where there is a gradient */
    float* log_sums;       /* [Tq, heads]: likewise */
    const void* gradient;  /* of `to`; null to compute `to` */
    void* query_gradients; /* shaped as queries, keys and values, without gaps */
    void* key_gradients;
    void* value_gradients;
    int32_t threads;
} torso_training_attention;

/* Of the interface, and of the packed layout. */
int32_t torso_version(void);
/* How many instruction sets this library has that this processor can run, best first, and their names. */
int32_t torso_instruction_sets(void);
const char* torso_instruction_set_name(int32_t set);
/* Chooses one of them, from 0; for tests. Not while anything else runs. */
void torso_choose(int32_t set);
/* 1 if the chosen instruction set has instructions for a kind, and with them encoders and attention of it. Of the
 * others torso_linear and torso_decode compute TORSO_BFLOAT16 all the same, widened to float32. */
int32_t torso_has(int32_t kind);
/* Columns of a panel. */
int64_t torso_panel(void);
/* Bytes of a packed weight. */
int64_t torso_packed_bytes(int32_t kind, int64_t outputs, int64_t inputs);
/* TORSO_OK or TORSO_NO_MEMORY. `scales` and `weight_sums` come filled with zeros. */
int32_t torso_pack(int32_t kind, const float* matrix, int64_t outputs, int64_t inputs, int64_t group, void* packed,
                   float* scales, float* weight_sums, int32_t threads);
/* activate(rows x weight + bias): [rows, inputs] -> [rows, outputs], float32 on both sides. TORSO_OK or
 * TORSO_NO_MEMORY. */
int32_t torso_linear(const torso_matrix* matrix, const float* rows, int64_t count, int32_t activation, float* to,
                     int32_t threads);
/* rows x weight^T + bias, with the weight [outputs, inputs] as it is: [count, inputs] -> [count, outputs]; bias may be
 * null. A row's result is the same to the last bit whatever rows are beside it, and whatever the number of threads. */
void torso_product(const float* rows, int64_t count, const float* weight, int64_t outputs, int64_t inputs,
                   const float* bias, float* to, int32_t threads);
/* The functions GOMP_parallel, omp_get_num_threads and omp_get_thread_num of the OpenMP library that the caller
 * computes with beside these kernels: torso_product and torso_decode run on its threads, which may still be spinning.
 * Null for threads of this library's own. A forked child begins with null. Not while anything else runs. */
void torso_set_parallel(void* parallel, void* team_size, void* rank);
/* norm(rows + others), into to; others may be null. */
void torso_add_norm(const torso_norm* norm, const float* rows, const float* others, int64_t count, int64_t width,
                    float* to, int32_t threads);
/* TORSO_OK or TORSO_OUT_OF_RANGE. */
int32_t torso_embed(const torso_embeddings* tables, const int64_t* tokens, const int64_t* segments,
                    const int64_t* positions, int64_t count, int64_t width, float* to, int32_t threads);
/* Rows as unsigned eight-bit numbers, to whole dwords, with a scale and a minimum [rows, groups, 2] of their own.
 * TORSO_OK or TORSO_NO_SUCH_KIND. */
int32_t torso_quantise(const float* rows, int64_t count, int64_t width, int64_t group, uint8_t* numbers, float* scales);
/* Attention of N texts, end to end. TORSO_OK or TORSO_NO_MEMORY. */
int32_t torso_attention(const torso_attention_call* call);
/* Attention as it is trained, or its gradient. TORSO_OK or TORSO_NO_MEMORY. */
int32_t torso_train_attention(const torso_training_attention* call);
/* A whole encoder. TORSO_OK, TORSO_NO_MEMORY or TORSO_OUT_OF_RANGE. */
int32_t torso_encode(const torso_trunk* trunk, const torso_call* call);
/* A step of a decoder. TORSO_OK, TORSO_NO_MEMORY, or TORSO_NO_SUCH_KIND. */
int32_t torso_decode(const torso_decoder* model, const torso_decode_call* call);

#ifdef __cplusplus
}
#endif
#endif
