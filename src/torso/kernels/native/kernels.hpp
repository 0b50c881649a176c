// What each instruction set provides, and library.cpp chooses from.
#pragma once

#include "torso_kernels.h"

namespace torso {

struct Kernels {
    int64_t panel;
    bool (*has)(int32_t kind);
    int64_t (*packed_bytes)(int32_t, int64_t, int64_t);
    int32_t (*pack)(int32_t, const float*, int64_t, int64_t, int64_t, void*, float*, float*, int32_t);
    int32_t (*linear)(const torso_matrix*, const float*, int64_t, int32_t, float*, int32_t);
    void (*product)(const float*, int64_t, const float*, int64_t, int64_t, const float*, float*, int32_t);
    void (*add_norm)(const torso_norm*, const float*, const float*, int64_t, int64_t, float*, int32_t);
    int32_t (*embed)(const torso_embeddings*, const int64_t*, const int64_t*, const int64_t*, int64_t, int64_t, float*,
                     int32_t);
    int32_t (*quantise)(const float*, int64_t, int64_t, int64_t, uint8_t*, float*);
    int32_t (*attention)(const torso_attention_call*);
    int32_t (*encode)(const torso_trunk*, const torso_call*);
    int32_t (*decode)(const torso_decoder*, const torso_decode_call*);
    int32_t (*train_attention)(const torso_training_attention*);
};

}  // namespace torso
