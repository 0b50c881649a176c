// All kernels for one instruction set. Compiled once for each, with WIDTH, SET and the compiler's flags for it.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#if WIDTH >= 8
#include <immintrin.h>
#endif

#include "kernels.hpp"
#include "team.hpp"

namespace torso {
namespace SET {
namespace {

#include "simd.hpp"

#include "product.hpp"

#include "direct.hpp"

#include "rows.hpp"

#include "attention.hpp"

#include "desk.hpp"

#include "encoder.hpp"

// Memory that a thread keeps from call to call: taking it anew would cost a page fault for every page.
class Scratch {
  public:
    ~Scratch() { std::free(block_); }
    char* of(long bytes) {
        if (bytes > size_) {
            std::free(block_);
            block_ = static_cast<char*>(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
            size_ = block_ ? bytes : 0;
        }
        return block_;
    }

  private:
    char* block_ = nullptr;
    long size_ = 0;
};
thread_local Scratch desks, heads;

int64_t packed_bytes(int32_t kind, int64_t outputs, int64_t inputs) {
    const long per = kind == TORSO_FLOAT32 ? 1 : kind == TORSO_BFLOAT16 ? 2 : 4;
    return panels_of(outputs) * PANEL * ((inputs + per - 1) / per) * 4;
}

// Scales and totals of the columns that only pad are left as they are; the caller gives zeros.
int32_t pack(int32_t kind, const float* matrix, int64_t outputs, int64_t inputs, int64_t group, void* packed, float* scales,
             float* totals, int32_t threads) {
    int32_t* to = static_cast<int32_t*>(packed);
    const long room = PANEL * (inputs + 4) * 2;
    if (outputs % PANEL) std::memset(packed, 0, packed_bytes(kind, outputs, inputs));
    std::atomic<long> next{0};
    std::atomic<bool> failed{false};
    run_team(threads, [&](const Member&) {
        char* own = desks.of(room);
        if (!own) return failed.store(true);
        for (long panel; (panel = next.fetch_add(1)) < panels_of(outputs);) {
            if (kind == TORSO_FLOAT32) pack_float32(matrix, outputs, inputs, panel, to);
#ifdef HAS_BFLOAT16
            if (kind == TORSO_BFLOAT16) pack_bfloat16(matrix, outputs, inputs, panel, to, reinterpret_cast<uint16_t*>(own));
#endif
#ifdef HAS_EIGHT_BITS
            if (kind == TORSO_EIGHT_BITS)
                pack_eight_bits(matrix, outputs, inputs, group, panel, to, scales, totals, reinterpret_cast<int8_t*>(own));
#endif
        }
    });
    return failed;
}

// Fewer rows than this are shared by their columns.
constexpr long FEW = 64;
// Products of fewer numbers than this are done before another thread would have come: some 20 us.
constexpr long LITTLE = 1 << 20;

int32_t linear(const torso_matrix* matrix, const float* rows, int64_t count, int32_t activation, float* to, int32_t threads) {
    std::atomic<bool> failed{false};
    if (count * matrix->outputs * matrix->inputs < LITTLE) threads = 1;
    const bool by_rows = count >= FEW * threads;
    run_team(threads, [&](const Member& member) {
        const Share share(count, by_rows ? member.rank : 0, by_rows ? member.members : 1);
        const int rank = by_rows ? 0 : member.rank, members = by_rows ? 1 : member.members;
        const long inputs = matrix->inputs;
        for (long top = share.begin; top < share.end; top += ROWS) {
            const long high = std::min(ROWS, share.end - top);
            const Goal<float> goal{to + top * matrix->outputs, matrix->outputs, matrix->bias, activation, false};
            const float* from = rows + top * inputs;
            if (matrix->kind == TORSO_FLOAT32) multiply<Float32>(*matrix, from, inputs, high, goal, rank, members);
#ifdef HAS_BFLOAT16
            if (matrix->kind == TORSO_BFLOAT16) {
                const long step = (inputs + 1) / 2 * 2;
                uint16_t* half = reinterpret_cast<uint16_t*>(desks.of(high * step * 2));
                if (!half) return failed.store(true);
                for (long row = 0; row < high; ++row) {
                    convert(from + row * inputs, half + row * step, inputs);
                    if (step > inputs) half[row * step + inputs] = 0;
                }
                multiply<BFloat16>(*matrix, half, step, high, goal, rank, members);
            }
#endif
#ifdef HAS_EIGHT_BITS
            if (matrix->kind == TORSO_EIGHT_BITS) {
                const long dwords = (inputs + 3) / 4, groups = groups_of(*matrix), numbers = (high * dwords * 4 + 63) / 64 * 64;
                char* block = desks.of(numbers + high * groups * 8);
                if (!block) return failed.store(true);
                uint8_t* eight = reinterpret_cast<uint8_t*>(block);
                float* steps = reinterpret_cast<float*>(block + numbers);
                for (long row = 0; row < high; ++row)
                    quantise(from + row * inputs, inputs, matrix->group, eight + row * dwords * 4, steps + row * groups * 2);
                multiply(*matrix, Quantised{eight, steps}, high, goal, rank, members);
            }
#endif
        }
    });
    return failed;
}

// Of products on the threads of the host, which are awake where the host computes too: fewer are not worth a second one.
constexpr long LITTLE_DIRECT = 1 << 17;

void product(const float* rows, int64_t count, const float* weight, int64_t outputs, int64_t inputs, const float* bias,
             float* to, int32_t threads) {
    const Direct whole{rows, weight, bias, to, count, outputs, inputs};
    const long high = std::max<long>(24, DIRECT_BLOCK / std::min(std::max<long>(inputs, 1), DIRECT_PART));
    const long blocks = (count + high - 1) / high, slices = (outputs + DIRECT_SLICE - 1) / DIRECT_SLICE;
    std::atomic<long> next{0};
    const auto work = [&](const Member&) {
        for (long piece; (piece = next.fetch_add(1)) < blocks * slices;) {
            const long block = piece / slices, slice = piece % slices;
            direct_piece(whole, count * block / blocks, count * (block + 1) / blocks, slice * DIRECT_SLICE,
                         std::min<long>(outputs, (slice + 1) * DIRECT_SLICE));
        }
    };
    if (threads <= 1 || count * outputs * inputs < LITTLE_DIRECT) work(Member{});
    else run_on_host(threads, work);
}

void add_norm(const torso_norm* norm, const float* rows, const float* others, int64_t count, int64_t width, float* to,
              int32_t threads) {
    run_team(threads, [&](const Member& member) {
        const Share share(count, member.rank, member.members);
        for (long row = share.begin; row < share.end; ++row) {
            const float* from = rows + row * width;
            if (others) {
                for (long i = 0; i < width; ++i) to[row * width + i] = from[i] + others[row * width + i];
                from = to + row * width;
            }
            normalise(*norm, from, to + row * width, width);
        }
    });
}

int32_t embed_rows(const torso_embeddings* tables, const int64_t* tokens, const int64_t* segments,
                   const int64_t* positions, int64_t count, int64_t width, float* to, int32_t threads) {
    if (!in_range(*tables, tokens, segments, positions, count)) return 2;
    run_team(threads, [&](const Member& member) {
        const Share share(count, member.rank, member.members);
        for (long row = share.begin; row < share.end; ++row)
            embed(*tables, tokens[row], segments ? segments[row] : 0, positions[row], to + row * width, width);
    });
    return 0;
}

int32_t quantise_rows(const float* rows, int64_t count, int64_t width, int64_t group, uint8_t* numbers, float* steps) {
#ifdef HAS_EIGHT_BITS
    const long groups = (width + group - 1) / group;
    for (long row = 0; row < count; ++row)
        quantise(rows + row * width, width, group, numbers + row * whole_dwords(width), steps + row * groups * 2);
    return 0;
#else
    return 1;
#endif
}

long longest_of(const int64_t* starts, long texts) {
    long longest = 0;
    for (long text = 0; text < texts; ++text) longest = std::max<long>(longest, starts[text + 1] - starts[text]);
    return longest;
}

// The first text behind `first` and as many as make up `rows` rows, or all.
long last_of(const torso_call& call, long first, long rows) {
    long last = first;
    while (last < call.texts && call.starts[last] - call.starts[first] < rows) ++last;
    return last;
}

template <class Kind>
int32_t attend_texts(const torso_attention_call& call) {
    typedef typename Kind::Number Number;
    const long longest = longest_of(call.starts, call.texts);
    std::atomic<long> next{0};
    std::atomic<bool> failed{false};
    run_team(call.threads, [&](const Member&) {
        float* scratch = reinterpret_cast<float*>(heads.of(attention_scratch(longest, call.head_size, 0) * 4));
        if (!scratch) return failed.store(true);
        for (long item; (item = next.fetch_add(1)) < call.texts * call.heads;) {
            const long text = item / call.heads, head = item % call.heads, key_head = head / (call.heads / call.key_heads);
            const long start = call.starts[text], length = call.starts[text + 1] - start;
            Seeing seeing = {call.scale, call.left, call.right, nullptr, call.reach, {}};
            if (call.distances) seeing.distances = call.distances + head * (2 * call.reach + 1);
            float* weights = call.weights;
            if (weights) {
                for (long each = 0; each < text; ++each) {
                    const long size = call.starts[each + 1] - call.starts[each];
                    weights += call.heads * size * size;
                }
                weights += head * length * length;
            }
            attend<Kind>(static_cast<const Number*>(call.queries) + start * call.row_step + head * call.head_size,
                         static_cast<const Number*>(call.keys) + start * call.row_step + key_head * call.head_size,
                         static_cast<const Number*>(call.values) + start * call.row_step + key_head * call.head_size,
                         call.row_step, length, length, 0, call.head_size, seeing,
                         static_cast<Number*>(call.to) + start * call.to_step + head * call.head_size, call.to_step,
                         weights, scratch);
        }
    });
    return failed;
}

int32_t attention(const torso_attention_call* call) {
#ifdef HAS_BFLOAT16
    if (call->kind == TORSO_BFLOAT16) return attend_texts<BFloat16>(*call);
#endif
    return attend_texts<Float32>(*call);
}

template <class Middle>
int32_t encode_as(const torso_trunk& trunk, const torso_call& call) {
    const Encoder<Middle> encoder(trunk, call);
    const long total = call.starts[call.texts], threads = call.threads > 1 ? call.threads : 1;
    const long longest = longest_of(call.starts, call.texts);
    long places = 0;
    if (call.places)
        for (long i = 0; i < trunk.depth; ++i) places = std::max(places, place_rows(trunk, trunk.blocks[i]));
    const long scratch = attention_scratch(longest, trunk.head_size, places) * 4;
    std::atomic<bool> failed{false};
    const bool together = threads > 1 && (total < 4 * FEW * threads || longest > total / (2 * threads));
    // A large part would leave the cache, a small one reads the weights more often than it need.
    const long part = std::max(FEW / 2, std::min(ROWS, total / (4 * threads)));
    if (together) {
        // One part after the other, all threads in each.
        long most = 0;
        for (long first = 0, last; first < call.texts; first = last) {
            last = last_of(call, first, 4 * ROWS);
            most = std::max<long>(most, call.starts[last] - call.starts[first]);
        }
        char* block = desks.of(encoder.bytes(most));
        if (!block) return 1;
        run_team(threads, [&](const Member& member) {
            float* own = reinterpret_cast<float*>(heads.of(scratch));
            if (!own) failed.store(true);
            member.wait();  // all know whether all have their memory
            if (failed) return;
            for (long first = 0, last; first < call.texts; first = last) {
                last = last_of(call, first, 4 * ROWS);
                encoder.run(member, first, last, block, own);
            }
        });
        return failed;
    }
    std::atomic<long> next{0};
    run_team(threads, [&](const Member&) {
        float* own = reinterpret_cast<float*>(heads.of(scratch));
        if (!own) return failed.store(true);
        for (;;) {
            long first = next.load(), last;
            do {
                if (first >= call.texts) return;
                last = last_of(call, first, part);
            } while (!next.compare_exchange_weak(first, last));
            char* block = desks.of(encoder.bytes(call.starts[last] - call.starts[first]));
            if (!block) return failed.store(true);
            encoder.run(Member{}, first, last, block, own);
        }
    });
    return failed;
}

int32_t encode(const torso_trunk* trunk, const torso_call* call) {
    if (call->texts == 0) return 0;
    if (call->tokens && !in_range(trunk->embeddings, call->tokens, call->segments, call->positions, call->starts[call->texts]))
        return 2;
#ifdef HAS_BFLOAT16
    if (trunk->middle == TORSO_BFLOAT16) return encode_as<BFloat16>(*trunk, *call);
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
    return kind == TORSO_FLOAT32;
}

}  // namespace

extern const Kernels kernels;
const Kernels kernels = {PANEL,    has,        packed_bytes,  pack,      linear, product,
                         add_norm, embed_rows, quantise_rows, attention, encode};

}  // namespace SET
}  // namespace torso
