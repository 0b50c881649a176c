// All kernels for one instruction set. Compiled once for each, with WIDTH, SET and the compiler's flags for it.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <utility>
#if WIDTH >= 8
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "kernels.hpp"
#include "thread_pool.hpp"

namespace torso {
namespace SET {
namespace {

// clang-format off
#include "simd.inl"
#include "lanes.inl"
#include "product.inl"
#include "eight_bits.inl"
#include "grouped_rows.inl"
#include "grouped.inl"
#include "grouped_packing.inl"
#include "direct.inl"
#include "rows.inl"
#include "attention.inl"
#include "cached_attention.inl"
#include "training_attention.inl"
#include "workspace.inl"
#include "encoder.inl"
#include "decoder_stages.inl"
#include "mixture.inl"
#include "latent.inl"
#include "decoder.inl"
// clang-format on

// Memory that a thread keeps from call to call: taking it again would cost a page fault for every page.
class Scratch {
   public:
    ~Scratch() { release(); }
    char* at_least(int64_t bytes) {
        if (bytes > size_) {
            release();
            block_ = static_cast<char*>(::operator new(static_cast<size_t>(bytes), ALIGNED, std::nothrow));
            size_ = block_ ? bytes : 0;
        }
        return block_;
    }

   private:
    static constexpr std::align_val_t ALIGNED{64};
    void release() { ::operator delete(block_, ALIGNED); }
    char* block_ = nullptr;
    int64_t size_ = 0;
};
thread_local Scratch workspaces, attention_scratches;

int64_t packed_bytes(int32_t kind, int64_t outputs, int64_t inputs) {
    if (is_grouped(kind)) return grouped_bytes(kind, outputs, inputs);
    const int64_t per = kind == TORSO_FLOAT32 ? 1 : kind == TORSO_BFLOAT16 ? 2 : 4;
    return panels_of(outputs) * PANEL * ((inputs + per - 1) / per) * 4;
}

// Scales and weight_sums of the columns that only pad are left as they are; the caller gives zeros.
int32_t pack(int32_t kind, const float* matrix, int64_t outputs, int64_t inputs, int64_t group, void* packed,
             float* scales, float* weight_sums, int32_t threads) {
    int32_t* to = static_cast<int32_t*>(packed);
    const int64_t room = PANEL * (inputs + 4) * 2;
    if (outputs % PANEL) std::memset(packed, 0, packed_bytes(kind, outputs, inputs));
    std::atomic<int64_t> next{0};
    std::atomic<bool> failed{false};
    run_parallel(threads, [&](const Worker&) {
        char* own = workspaces.at_least(room);
        if (!own) return failed.store(true);
        for (int64_t panel; (panel = next.fetch_add(1)) < panels_of(outputs);) {
            if (kind == TORSO_FLOAT32) pack_float32(matrix, outputs, inputs, panel, to);
            if (kind == TORSO_EIGHT_BIT_GROUPS) pack_groups<8>(matrix, outputs, inputs, panel, to);
            if (kind == TORSO_FOUR_BIT_GROUPS) pack_groups<4>(matrix, outputs, inputs, panel, to);
            if (kind == TORSO_BFLOAT16)
                pack_bfloat16(matrix, outputs, inputs, panel, to, reinterpret_cast<uint16_t*>(own));
#ifdef HAS_EIGHT_BITS
            if (kind == TORSO_EIGHT_BITS)
                pack_eight_bits(matrix, outputs, inputs, group, panel, to, scales, weight_sums,
                                reinterpret_cast<int8_t*>(own));
#endif
        }
    });
    return failed ? TORSO_NO_MEMORY : TORSO_OK;
}

// Fewer rows than this are shared by their columns.
constexpr int64_t FEW = 64;
// Products of fewer numbers than this are done before another thread would have come: some 20 us.
constexpr int64_t LITTLE = 1 << 20;

int32_t linear(const torso_matrix* matrix, const float* rows, int64_t count, int32_t activation, float* to,
               int32_t threads) {
    std::atomic<bool> failed{false};
    if (count * matrix->outputs * matrix->inputs < LITTLE) threads = 1;
    const bool by_rows = count >= FEW * threads;
    run_parallel(threads, [&](const Worker& worker) {
        const Share share(count, by_rows ? worker.rank : 0, by_rows ? worker.workers : 1);
        const int rank = by_rows ? 0 : worker.rank, workers = by_rows ? 1 : worker.workers;
        const int64_t inputs = matrix->inputs;
        for (int64_t top = share.begin; top < share.end; top += ROWS) {
            const int64_t high = std::min(ROWS, share.end - top);
            const Output<float> output{to + top * matrix->outputs, matrix->outputs, matrix->bias, activation, false};
            const float* from = rows + top * inputs;
            if (matrix->kind == TORSO_FLOAT32) multiply<Float32>(*matrix, from, inputs, high, output, rank, workers);
            if (is_grouped(matrix->kind)) {
                const int64_t groups = whole_groups(inputs), dwords = (high * groups * ROW_DWORDS + 15) / 16 * 16;
                char* block = workspaces.at_least(dwords * 4 + high * groups * int64_t(sizeof(RowGroup)));
                if (!block) return failed.store(true);
                int32_t* numbers = reinterpret_cast<int32_t*>(block);
                RowGroup* row_groups = reinterpret_cast<RowGroup*>(numbers + dwords);
                for (int64_t row = 0; row < high; ++row)
                    quantise_groups(matrix->kind, from + row * inputs, inputs, row, high, numbers, row_groups);
                multiply(*matrix, GroupedRows{numbers, row_groups}, high, output, rank, workers);
            }
            if (matrix->kind == TORSO_BFLOAT16) {
                const int64_t step = (inputs + 1) / 2 * 2;
                uint16_t* half = reinterpret_cast<uint16_t*>(workspaces.at_least(high * step * 2));
                if (!half) return failed.store(true);
                for (int64_t row = 0; row < high; ++row) {
                    convert(from + row * inputs, half + row * step, inputs);
                    if (step > inputs) half[row * step + inputs] = 0;
                }
                multiply<BFloat16>(*matrix, half, step, high, output, rank, workers);
            }
#ifdef HAS_EIGHT_BITS
            if (matrix->kind == TORSO_EIGHT_BITS) {
                const int64_t dwords = (inputs + 3) / 4, groups = groups_of(*matrix),
                              numbers = (high * dwords * 4 + 63) / 64 * 64;
                char* block = workspaces.at_least(numbers + high * groups * 8);
                if (!block) return failed.store(true);
                uint8_t* eight = reinterpret_cast<uint8_t*>(block);
                float* scales = reinterpret_cast<float*>(block + numbers);
                quantise(from, inputs, high, inputs, matrix->group, eight, scales);
                multiply(*matrix, Quantised{eight, scales}, high, output, rank, workers);
            }
#endif
        }
    });
    return failed ? TORSO_NO_MEMORY : TORSO_OK;
}

// Of products on the threads of the host, which are awake where the host computes too: fewer are not worth a second
// one.
constexpr int64_t LITTLE_DIRECT = 1 << 17;

void product(const float* rows, int64_t count, const float* weight, int64_t outputs, int64_t inputs, const float* bias,
             float* to, int32_t threads) {
    const Direct whole{rows, weight, bias, to, count, outputs, inputs};
    const int64_t high = std::max<int64_t>(24, DIRECT_BLOCK / std::min(std::max<int64_t>(inputs, 1), DIRECT_PART));
    const int64_t blocks = (count + high - 1) / high, slices = (outputs + DIRECT_SLICE - 1) / DIRECT_SLICE;
    std::atomic<int64_t> next{0};
    const auto work = [&](const Worker&) {
        for (int64_t piece; (piece = next.fetch_add(1)) < blocks * slices;) {
            const int64_t block = piece / slices, slice = piece % slices;
            direct_piece(whole, count * block / blocks, count * (block + 1) / blocks, slice * DIRECT_SLICE,
                         std::min<int64_t>(outputs, (slice + 1) * DIRECT_SLICE));
        }
    };
    if (threads <= 1 || count * outputs * inputs < LITTLE_DIRECT)
        work(Worker{});
    else
        run_on_host(threads, work);
}

void add_norm(const torso_norm* norm, const float* rows, const float* others, int64_t count, int64_t width, float* to,
              int32_t threads) {
    run_parallel(threads, [&](const Worker& worker) {
        const Share share(count, worker.rank, worker.workers);
        for (int64_t row = share.begin; row < share.end; ++row) {
            const float* from = rows + row * width;
            if (others) {
                for (int64_t i = 0; i < width; ++i) to[row * width + i] = from[i] + others[row * width + i];
                from = to + row * width;
            }
            normalise(*norm, from, to + row * width, width);
        }
    });
}

int32_t embed_rows(const torso_embeddings* tables, const int64_t* tokens, const int64_t* segments,
                   const int64_t* positions, int64_t count, int64_t width, float* to, int32_t threads) {
    if (!in_range(*tables, tokens, segments, positions, count)) return TORSO_OUT_OF_RANGE;
    run_parallel(threads, [&](const Worker& worker) {
        const Share share(count, worker.rank, worker.workers);
        for (int64_t row = share.begin; row < share.end; ++row)
            embed(*tables, tokens[row], segments ? segments[row] : 0, positions[row], to + row * width, width);
    });
    return TORSO_OK;
}

int32_t quantise_rows(const float* rows, int64_t count, int64_t width, int64_t group, uint8_t* numbers, float* scales) {
#ifdef HAS_EIGHT_BITS
    quantise(rows, width, count, width, group, numbers, scales);
    return TORSO_OK;
#else
    return TORSO_NO_SUCH_KIND;
#endif
}

int64_t longest_of(const int64_t* starts, int64_t texts) {
    int64_t longest = 0;
    for (int64_t text = 0; text < texts; ++text) longest = std::max<int64_t>(longest, starts[text + 1] - starts[text]);
    return longest;
}

// The first text behind `first` and as many as make up `rows` rows, or all.
int64_t last_of(const torso_call& call, int64_t first, int64_t rows) {
    int64_t last = first;
    while (last < call.texts && call.starts[last] - call.starts[first] < rows) ++last;
    return last;
}

template <class Kind>
int32_t attend_texts(const torso_attention_call& call) {
    typedef typename Kind::Number Number;
    const int64_t longest = longest_of(call.starts, call.texts);
    std::atomic<int64_t> next{0};
    std::atomic<bool> failed{false};
    run_parallel(call.threads, [&](const Worker&) {
        float* scratch =
            reinterpret_cast<float*>(attention_scratches.at_least(attention_scratch(longest, call.head_size, 0) * 4));
        if (!scratch) return failed.store(true);
        for (int64_t item; (item = next.fetch_add(1)) < call.texts * call.heads;) {
            const int64_t text = item / call.heads, head = item % call.heads,
                          key_head = head / (call.heads / call.key_heads);
            const int64_t start = call.starts[text], length = call.starts[text + 1] - start;
            ScoreParams params = {call.scale, call.left, call.right, nullptr, call.reach, {}};
            if (call.distances) params.distances = call.distances + head * (2 * call.reach + 1);
            float* weights = call.weights;
            if (weights) {
                for (int64_t each = 0; each < text; ++each) {
                    const int64_t size = call.starts[each + 1] - call.starts[each];
                    weights += call.heads * size * size;
                }
                weights += head * length * length;
            }
            attend<Kind>(static_cast<const Number*>(call.queries) + start * call.row_step + head * call.head_size,
                         static_cast<const Number*>(call.keys) + start * call.row_step + key_head * call.head_size,
                         static_cast<const Number*>(call.values) + start * call.row_step + key_head * call.head_size,
                         call.row_step, length, length, 0, call.head_size, params,
                         static_cast<Number*>(call.to) + start * call.to_step + head * call.head_size, call.to_step,
                         weights, scratch);
        }
    });
    return failed ? TORSO_NO_MEMORY : TORSO_OK;
}

int32_t attention(const torso_attention_call* call) {
#ifdef HAS_BFLOAT16
    if (call->kind == TORSO_BFLOAT16) return attend_texts<BFloat16>(*call);
#endif
    return attend_texts<Float32>(*call);
}

// Texts differ in length: each thread takes the next piece when it is done with one.
template <class Number>
int32_t train_texts(const torso_training_attention& call) {
    const int64_t scratch = TrainedText<Number>::scratch(longest_of(call.key_starts, call.texts), call.head_size) * 4;
    std::atomic<int64_t> next{0};
    std::atomic<bool> failed{false};
    run_on_host(call.threads, [&](const Worker&) {
        float* own = reinterpret_cast<float*>(attention_scratches.at_least(scratch));
        if (!own) return failed.store(true);
        for (int64_t item; (item = next.fetch_add(1)) < call.texts * call.key_heads;) {
            TrainedText<Number> text(call, item / call.key_heads, item % call.key_heads, own);
            if (call.gradient)
                text.backward();
            else
                text.forward();
        }
    });
    return failed ? TORSO_NO_MEMORY : TORSO_OK;
}

int32_t train_attention(const torso_training_attention* call) {
    return call->kind == TORSO_BFLOAT16 ? train_texts<uint16_t>(*call) : train_texts<float>(*call);
}

template <class Compute>
int32_t encode_as(const torso_trunk& trunk, const torso_call& call) {
    const Encoder<Compute> encoder(trunk, call);
    const int64_t total = call.starts[call.texts];
    const int32_t threads = call.threads > 1 ? call.threads : 1;
    const int64_t longest = longest_of(call.starts, call.texts);
    int64_t relative_rows = 0;
    if (call.relative_rows)
        for (int64_t i = 0; i < trunk.depth; ++i)
            relative_rows = std::max(relative_rows, relative_rows_of(trunk, trunk.blocks[i]));
    const int64_t scratch = attention_scratch(trunk.depth ? longest : 0, trunk.head_size, relative_rows) * 4;
    std::atomic<bool> failed{false};
    const bool together = threads > 1 && (total < 4 * FEW * threads || longest > total / (2 * threads));
    if (together) {
        // One part after the other, all threads in each.
        int64_t most = 0;
        for (int64_t first = 0, last; first < call.texts; first = last) {
            last = last_of(call, first, 4 * ROWS);
            most = std::max<int64_t>(most, call.starts[last] - call.starts[first]);
        }
        char* block = workspaces.at_least(encoder.bytes(most));
        if (!block) return TORSO_NO_MEMORY;
        run_parallel(threads, [&](const Worker& worker) {
            float* own = reinterpret_cast<float*>(attention_scratches.at_least(scratch));
            if (!own) failed.store(true);
            worker.wait();  // all know whether all have their memory
            if (failed) return;
            for (int64_t first = 0, last; first < call.texts; first = last) {
                last = last_of(call, first, 4 * ROWS);
                encoder.run(worker, first, last, block, own);
            }
        });
        return failed ? TORSO_NO_MEMORY : TORSO_OK;
    }
    std::atomic<int64_t> next{0};
    run_parallel(threads, [&](const Worker&) {
        float* own = reinterpret_cast<float*>(attention_scratches.at_least(scratch));
        if (!own) return failed.store(true);
        for (;;) {
            int64_t first = next.load(), last;
            do {
                if (first >= call.texts) return;
                // A large part would leave the cache, a small one reads the weights more often than it need; the last
                // ones are small, so that nobody waits long for the last of all.
                const int64_t left = total - call.starts[first];
                last = last_of(call, first, std::max(FEW / 2, std::min(ROWS, left / (2 * threads))));
            } while (!next.compare_exchange_weak(first, last));
            char* block = workspaces.at_least(encoder.bytes(call.starts[last] - call.starts[first]));
            if (!block) return failed.store(true);
            encoder.run(Worker{}, first, last, block, own);
        }
    });
    return failed ? TORSO_NO_MEMORY : TORSO_OK;
}

int32_t encode(const torso_trunk* trunk, const torso_call* call) {
    if (call->texts == 0) return TORSO_OK;
    if (call->tokens &&
        !in_range(trunk->embeddings, call->tokens, call->segments, call->positions, call->starts[call->texts]))
        return TORSO_OUT_OF_RANGE;
#ifdef HAS_BFLOAT16
    if (trunk->compute == TORSO_BFLOAT16) return encode_as<BFloat16>(*trunk, *call);
#endif
    return encode_as<Float32>(*trunk, *call);
}

bool has(int32_t kind) {
#ifdef HAS_BFLOAT16
    if (kind == TORSO_BFLOAT16) return true;
#endif
#ifdef HAS_EIGHT_BITS
    if (kind == TORSO_EIGHT_BITS) return true;
#endif
    return kind == TORSO_FLOAT32 || is_grouped(kind);
}

// Whether a decoder can be of the kind of every matrix.
bool has_kinds(const torso_decoder& model) {
    bool all = model.vocabulary.kind != TORSO_EIGHT_BITS;
    for (int64_t i = 0; i < model.depth; ++i) {
        const torso_mixture* mixture = model.blocks[i].mixture;
        if (mixture)
            all &= mixture->router.kind == TORSO_FLOAT32 && mixture->up->kind != TORSO_EIGHT_BITS &&
                   mixture->down->kind != TORSO_EIGHT_BITS;
        const torso_latent* latent = model.blocks[i].latent;
        if (latent)
            for (const torso_matrix* each : {&latent->query_down, &latent->kv_down, &latent->kv})
                all &= each->kind != TORSO_EIGHT_BITS;
        for (const torso_matrix* each :
             {&model.blocks[i].qkv, &model.blocks[i].out, &model.blocks[i].up, &model.blocks[i].down,
              &model.blocks[i].cross_query, &model.blocks[i].cross_out})
            all &= each->kind != TORSO_EIGHT_BITS;
    }
    return all;
}

template <class Number>
int32_t decode_with(const torso_decoder* model, const torso_decode_call* call) {
    Decoder<Number> decoder(*model, *call);
    char* block = workspaces.at_least(decoder.lay_out(nullptr));
    if (!block) return TORSO_NO_MEMORY;
    decoder.lay_out(block);
    const int64_t scratch = decoder.scratch() * 4;
    std::atomic<bool> failed{false};
    run_team(call->threads, [&](const Worker& worker) {
        float* own = reinterpret_cast<float*>(attention_scratches.at_least(scratch));
        if (!own) failed.store(true);
        worker.wait();  // all know whether all have their memory
        if (!failed) decoder.run(worker, own);
    });
    return failed ? TORSO_NO_MEMORY : TORSO_OK;
}

int32_t decode(const torso_decoder* model, const torso_decode_call* call) {
    if (!has_kinds(*model)) return TORSO_NO_SUCH_KIND;
    if (call->starts[call->texts] == 0) return TORSO_OK;
    return model->cache_kind == TORSO_BFLOAT16 ? decode_with<uint16_t>(model, call) : decode_with<float>(model, call);
}

}  // namespace

extern const Kernels kernels;
const Kernels kernels = {PANEL,      has,           packed_bytes, pack,   linear, product,        add_norm,
                         embed_rows, quantise_rows, attention,    encode, decode, train_attention};

}  // namespace SET
}  // namespace torso
