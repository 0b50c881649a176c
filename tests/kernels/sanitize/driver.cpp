// Every function of the kernels over random shapes, on every instruction set, by several threads, for sanitizers to
// watch. Arrays are of their exact sizes on the heap, half of them at odd places, so that a step past an end is seen.
// Also holds what must not depend on threads to that: the result of one is that of many, bit for bit.
//
// driver SEED ROUNDS
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "torso_kernels.h"

namespace {

struct Dice {
    std::mt19937_64 engine;
    int64_t whole(int64_t least, int64_t most) { return std::uniform_int_distribution<int64_t>(least, most)(engine); }
    bool coin() { return whole(0, 1); }
    float number() { return std::normal_distribution<float>()(engine); }
};

template <class Number>
class Array {
  public:
    Array(Dice& dice, int64_t count) : count_(count), shift_(dice.coin()), block_(new Number[count + shift_]()) {}
    Number* begin() const { return block_.get() + shift_; }
    int64_t bytes() const { return count_ * int64_t(sizeof(Number)); }
    bool operator==(const Array& other) const { return !count_ || !std::memcmp(begin(), other.begin(), bytes()); }
    Number& operator[](int64_t i) const { return begin()[i]; }
    int64_t size() const { return count_; }

  private:
    int64_t count_, shift_;
    std::unique_ptr<Number[]> block_;
};
typedef Array<float> Floats;
typedef Array<int64_t> Wholes;

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "failed: %s\n", what);
    std::abort();
}

Floats normal(Dice& dice, int64_t count) {
    Floats made(dice, count);
    for (int64_t i = 0; i < count; ++i) made[i] = dice.number();
    return made;
}
Wholes drawn(Dice& dice, int64_t count, int64_t below) {
    Wholes made(dice, count);
    for (int64_t i = 0; i < count; ++i) made[i] = dice.whole(0, below - 1);
    return made;
}
uint16_t half(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    return uint16_t(bits >> 16);
}
int64_t threads_of(Dice& dice) {
    const int64_t counts[] = {1, 2, 3, 5};
    return counts[dice.whole(0, 3)];
}
// Long enough now and then for more than one panel, tile or block.
int64_t width_of(Dice& dice) { return dice.whole(0, 9) ? dice.whole(1, 100) : dice.whole(1, 1500); }
int64_t rows_of(Dice& dice) { return dice.whole(0, 9) ? dice.whole(0, 40) : dice.whole(0, 300); }

struct Weight {
    torso_matrix matrix;
    Array<uint8_t> packed;
    Floats bias, scales, weight_sums;
    Weight(Dice& dice, int kind, int64_t outputs, int64_t inputs)
        : packed(dice, torso_packed_bytes(kind, outputs, inputs)), bias(dice, columns(outputs)),
          scales(dice, groups(kind, inputs, group_ = 4 * dice.whole(1, 40)) * columns(outputs)), weight_sums(dice, scales.size()) {
        const Floats given = normal(dice, outputs * inputs);
        const int32_t threads = int32_t(threads_of(dice));
        require(torso_pack(kind, given.begin(), outputs, inputs, group_, packed.begin(), scales.begin(), weight_sums.begin(), threads) == TORSO_OK,
                "pack");
        matrix = {kind, outputs, inputs, packed.begin(), dice.coin() ? bias.begin() : nullptr, scales.begin(), weight_sums.begin(), group_};
    }
    static int64_t columns(int64_t outputs) { return (outputs + torso_panel() - 1) / torso_panel() * torso_panel(); }
    static int64_t groups(int kind, int64_t inputs, int64_t group) { return kind == TORSO_EIGHT_BITS ? (inputs + group - 1) / group : 0; }

  private:
    int64_t group_;
};

struct NormNumbers {
    Floats weight, bias;
    torso_norm norm;
    NormNumbers(Dice& dice, int64_t width, bool none = false) : weight(normal(dice, width)), bias(normal(dice, width)) {
        norm = {none ? TORSO_NO_NORM : int32_t(dice.whole(1, 2)), weight.begin(), dice.coin() ? bias.begin() : nullptr, 1e-5f};
    }
};

int kind_of(Dice& dice) {
    for (;;)
        if (const int kind = int(dice.whole(0, 2)); torso_has(kind)) return kind;
}

void linear(Dice& dice) {
    const int64_t inputs = width_of(dice), count = rows_of(dice);
    const Weight weight(dice, kind_of(dice), width_of(dice), inputs);
    const Floats rows = normal(dice, count * inputs);
    const int activation = int(dice.whole(0, 6));
    const Floats one(dice, count * weight.matrix.outputs), many(dice, one.size());
    torso_linear(&weight.matrix, rows.begin(), count, activation, one.begin(), 1);
    torso_linear(&weight.matrix, rows.begin(), count, activation, many.begin(), int32_t(threads_of(dice)));
    require(one == many, "linear depends on threads");
}

void add_norm(Dice& dice) {
    const int64_t width = width_of(dice), count = rows_of(dice);
    const NormNumbers numbers(dice, width, !dice.whole(0, 5));
    const Floats rows = normal(dice, count * width), others = normal(dice, count * width);
    const Floats one(dice, count * width), many(dice, count * width);
    const float* added = dice.coin() ? others.begin() : nullptr;
    torso_add_norm(&numbers.norm, rows.begin(), added, count, width, one.begin(), 1);
    torso_add_norm(&numbers.norm, rows.begin(), added, count, width, many.begin(), int32_t(threads_of(dice)));
    require(one == many, "add_norm depends on threads");
}

struct Tables {
    static constexpr int64_t WORDS = 50, KINDS = 2, PLACES = 500;
    Floats tokens, segments, positions;
    NormNumbers norm;
    torso_embeddings tables;
    Tables(Dice& dice, int64_t width)
        : tokens(normal(dice, WORDS * width)), segments(normal(dice, KINDS * width)), positions(normal(dice, PLACES * width)),
          norm(dice, width, dice.coin()) {
        const bool second = dice.coin(), third = dice.coin();
        tables = {tokens.begin(), second ? segments.begin() : nullptr, third ? positions.begin() : nullptr, WORDS, KINDS, PLACES,
                  2, 1.5f, norm.norm};
    }
};

void embed(Dice& dice) {
    const int64_t width = width_of(dice), count = rows_of(dice);
    const Tables tables(dice, width);
    const Wholes tokens = drawn(dice, count, Tables::WORDS), segments = drawn(dice, count, 2), positions = drawn(dice, count, 498);
    const Floats one(dice, count * width), many(dice, count * width);
    const int64_t* kinds = dice.coin() ? segments.begin() : nullptr;
    auto run = [&](const Floats& to, int64_t threads) {
        return torso_embed(&tables.tables, tokens.begin(), kinds, positions.begin(), count, width, to.begin(), int32_t(threads));
    };
    require(run(one, 1) == 0 && run(many, threads_of(dice)) == 0, "embed refuses ids that are in range");
    require(one == many, "embed depends on threads");
    if (!count) return;
    const int64_t outside[] = {-1, Tables::WORDS, INT64_MIN, INT64_MAX};
    Wholes& spoiled = const_cast<Wholes&>(dice.coin() || !tables.tables.positions ? tokens : positions);
    spoiled[dice.whole(0, count - 1)] = &spoiled == &tokens ? outside[dice.whole(0, 3)] : dice.coin() ? INT64_MAX : -3;
    require(run(one, threads_of(dice)) == TORSO_OUT_OF_RANGE, "embed takes an id that is out of range");
}

void quantise(Dice& dice) {
    const int64_t width = width_of(dice), count = rows_of(dice), group = 4 * dice.whole(1, 40);
    const Floats rows = normal(dice, count * width), scales(dice, count * ((width + group - 1) / group) * 2);
    if (rows.size() && dice.coin()) rows[dice.whole(0, rows.size() - 1)] = dice.coin() ? NAN : -INFINITY;
    const Array<uint8_t> numbers(dice, count * ((width + 3) / 4 * 4));
    const int32_t done = torso_quantise(rows.begin(), count, width, group, numbers.begin(), scales.begin());
    require((done == TORSO_OK) == bool(torso_has(TORSO_EIGHT_BITS)), "quantise");
}

// Starts of some texts, some of them empty or of one row.
Wholes starts_of(Dice& dice, bool empty) {
    const int64_t texts = dice.whole(0, 6);
    Wholes starts(dice, texts + 1);
    for (int64_t i = 0; i < texts; ++i)
        starts[i + 1] = starts[i] + (dice.whole(0, 3) ? dice.whole(empty ? 0 : 1, 70) : dice.whole(0, 9) ? 1 : dice.whole(1, 300));
    return starts;
}
int64_t squares(const Wholes& starts) {
    int64_t sum = 0;
    for (int64_t i = 0; i + 1 < starts.size(); ++i) sum += (starts[i + 1] - starts[i]) * (starts[i + 1] - starts[i]);
    return sum;
}
int64_t longest(const Wholes& starts) {
    int64_t most = 1;
    for (int64_t i = 0; i + 1 < starts.size(); ++i) most = std::max(most, int64_t(starts[i + 1] - starts[i]));
    return most;
}

template <class Number>
void attention_of(Dice& dice, int kind) {
    const int64_t key_heads = dice.whole(1, 3), heads = key_heads * dice.whole(1, 3), per = sizeof(Number) == 2 ? 2 : 1;
    const int64_t size = per * dice.whole(1, 40), step = (heads + 2 * key_heads) * size + dice.whole(0, 3);
    const Wholes starts = starts_of(dice, true);
    const int64_t texts = starts.size() - 1, total = starts[texts], reach = longest(starts) - 1 + dice.whole(0, 2);
    // The last row ends where its values do.
    const Array<Number> rows(dice, total ? (total - 1) * step + (heads + 2 * key_heads) * size : 0);
    for (int64_t i = 0; i < rows.size(); ++i) rows[i] = sizeof(Number) == 2 ? Number(half(dice.number())) : Number(dice.number());
    const Floats distances = normal(dice, heads * (2 * reach + 1));
    const bool biased = dice.coin(), explained = dice.coin();
    const int64_t left = dice.whole(-1, 40), right = dice.whole(-1, 40);
    auto run = [&](const Array<Number>& to, const Floats& weights, int64_t threads) {
        const torso_attention_call call = {kind, rows.begin(), rows.begin() + heads * size, rows.begin() + (heads + key_heads) * size,
                                           step, texts, starts.begin(), heads, key_heads, size, 0.3f, left, right,
                                           biased ? distances.begin() : nullptr, reach, to.begin(), heads * size,
                                           explained ? weights.begin() : nullptr, int32_t(threads)};
        require(torso_attention(&call) == 0, "attention");
    };
    const Array<Number> one(dice, total * heads * size), many(dice, one.size());
    const Floats weights(dice, explained ? heads * squares(starts) : 0), again(dice, weights.size());
    run(one, weights, 1);
    run(many, again, threads_of(dice));
    require(one == many && weights == again, "attention depends on threads");
}
void attention(Dice& dice) {
    if (torso_has(TORSO_BFLOAT16) && dice.coin()) attention_of<uint16_t>(dice, TORSO_BFLOAT16);
    else attention_of<float>(dice, TORSO_FLOAT32);
}

template <class Number>
Array<Number> numbers_of(Dice& dice, int64_t count) {
    Array<Number> made(dice, count);
    for (int64_t i = 0; i < count; ++i)
        made[i] = sizeof(Number) == 2 ? Number(half(dice.number())) : Number(dice.number());
    return made;
}

template <class Number>
void train_attention_of(Dice& dice, int kind) {
    const int64_t key_heads = dice.whole(1, 3), heads = key_heads * dice.whole(1, 3), size = dice.whole(1, 40);
    const Wholes key_starts = starts_of(dice, true);
    const int64_t texts = key_starts.size() - 1, keys = key_starts[texts];
    Wholes starts(dice, texts + 1);
    const bool same = dice.coin();
    for (int64_t i = 0; i < texts; ++i) {
        const int64_t length = key_starts[i + 1] - key_starts[i];
        starts[i + 1] = starts[i] + (same ? length : dice.whole(0, length));
    }
    const int64_t queries = starts[texts], step = heads * size, key_step = key_heads * size;
    const Array<Number> q = numbers_of<Number>(dice, queries * step), k = numbers_of<Number>(dice, keys * key_step),
                        v = numbers_of<Number>(dice, keys * key_step), slopes = numbers_of<Number>(dice, queries * step);
    const int64_t left = dice.whole(-1, 40), right = dice.whole(-1, 40);
    const uint32_t dropped = dice.coin() ? uint32_t(dice.whole(0, int64_t(1) << 31)) : 0;
    const uint64_t number = uint64_t(dice.whole(0, int64_t(1) << 62));
    auto run = [&](const Array<Number>& to, const Floats& sums, const Array<Number>& of_q, const Array<Number>& of_k,
                   const Array<Number>& of_v, int64_t threads) {
        torso_training_attention call = {kind, texts, starts.begin(), key_starts.begin(), heads, key_heads, size,
                                         q.begin(), k.begin(), v.begin(), step, key_step, key_step, 0.3f, left, right,
                                         dropped, number, to.begin(), sums.begin(), nullptr, nullptr, nullptr, nullptr,
                                         int32_t(threads)};
        require(torso_train_attention(&call) == 0, "training attention");
        call.gradient = slopes.begin();
        call.query_gradients = of_q.begin();
        call.key_gradients = of_k.begin();
        call.value_gradients = of_v.begin();
        require(torso_train_attention(&call) == 0, "gradient of attention");
    };
    const Array<Number> one(dice, q.size()), many(dice, q.size()), of_q(dice, q.size()), q_again(dice, q.size()),
        of_k(dice, k.size()), k_again(dice, k.size()), of_v(dice, v.size()), v_again(dice, v.size());
    const Floats sums(dice, queries * heads), again(dice, queries * heads);
    run(one, sums, of_q, of_k, of_v, 1);
    run(many, again, q_again, k_again, v_again, threads_of(dice));
    require(one == many && sums == again && of_q == q_again && of_k == k_again && of_v == v_again,
            "attention that is trained depends on threads");
}
void train_attention(Dice& dice) {
    if (dice.coin()) train_attention_of<uint16_t>(dice, TORSO_BFLOAT16);
    else train_attention_of<float>(dice, TORSO_FLOAT32);
}

void encode(Dice& dice) {
    const int64_t key_heads = dice.whole(1, 2), heads = key_heads * dice.whole(1, 2), size = 4 * dice.whole(1, 12);
    const int64_t width = 4 * dice.whole(1, 30), inner = 4 * dice.whole(1, 40), depth = dice.whole(1, 3);
    const bool halves = torso_has(TORSO_BFLOAT16) && dice.coin(), after = dice.coin();
    const int base = halves ? TORSO_BFLOAT16 : TORSO_FLOAT32;
    const int64_t turned = 2 * dice.whole(1, size / 2);
    const Wholes starts = starts_of(dice, false);
    const int64_t texts = starts.size() - 1, total = starts[texts], reach = longest(starts) - 1;

    std::vector<std::unique_ptr<Weight>> weights;
    std::vector<std::unique_ptr<NormNumbers>> norms;
    auto weight = [&](int64_t outputs, int64_t inputs) {
        const bool eight = torso_has(TORSO_EIGHT_BITS) && dice.coin();
        weights.push_back(std::make_unique<Weight>(dice, eight ? TORSO_EIGHT_BITS : base, outputs, inputs));
        return weights.back()->matrix;
    };
    auto norm = [&](bool none) {
        norms.push_back(std::make_unique<NormNumbers>(dice, width, none));
        return norms.back()->norm;
    };
    // Rows of distances in whole panels, and the row of each distance, rising or falling, from one end to the other.
    const int64_t rows_each = torso_panel() * dice.whole(1, 4);
    auto places = [&] {
        if (dice.coin()) return torso_matrix{};
        weights.push_back(std::make_unique<Weight>(dice, base, heads * rows_each, size));
        return weights.back()->matrix;
    };
    const Array<int32_t> row_of(dice, 2 * reach + 1);
    for (int64_t i = 0; i < row_of.size(); ++i) row_of[i] = int32_t(dice.whole(0, rows_each - 1));
    std::sort(row_of.begin(), row_of.begin() + row_of.size());
    if (dice.coin()) std::reverse(row_of.begin(), row_of.begin() + row_of.size());
    std::vector<torso_block> blocks;
    for (int64_t i = 0; i < depth; ++i) {
        const bool gated = dice.coin();
        blocks.push_back({weight((heads + 2 * key_heads) * size, width), weight(width, heads * size),
                          weight(gated ? 2 * inner : inner, width), weight(width, inner), norm(!dice.whole(0, 5)), norm(!dice.whole(0, 5)),
                          after, gated, int32_t(dice.whole(0, 6)), int32_t(dice.whole(-1, 1)), dice.whole(-1, 30), dice.whole(-1, 30), 0.3f, places(), places()});
    }
    const Tables tables(dice, width);
    const torso_trunk trunk = {base, width, heads, key_heads, size, inner, tables.tables, depth, blocks.data(), norm(dice.coin())};

    const Wholes tokens = drawn(dice, total, Tables::WORDS), kinds = drawn(dice, total, 2), positions = drawn(dice, total, 498);
    const Floats angles = normal(dice, total * turned), distances = normal(dice, heads * (2 * reach + 1)), rows = normal(dice, total * width);
    const bool ready = dice.coin(), biased = dice.coin(), placed = dice.coin(), looked = dice.coin(), first_only = !looked && dice.coin();
    auto run = [&](const Floats& out, const std::vector<Floats>& kept, const std::vector<Floats>& seen, int64_t threads) {
        std::vector<float*> to, into;
        for (const Floats& each : kept) to.push_back(dice.whole(0, 3) ? each.begin() : nullptr);
        for (const Floats& each : seen) into.push_back(each.begin());
        const torso_call call = {texts, starts.begin(), ready ? nullptr : tokens.begin(), dice.coin() ? kinds.begin() : nullptr,
                                 positions.begin(), ready ? rows.begin() : nullptr, {angles.begin(), angles.begin()},
                                 {angles.begin(), angles.begin()}, turned, biased ? distances.begin() : nullptr, placed ? row_of.begin() : nullptr,
                                 reach, out.begin(), first_only, looked ? to.data() : nullptr, looked ? into.data() : nullptr, int32_t(threads)};
        require(torso_encode(&trunk, &call) == 0, "encode");
    };
    auto room = [&](int64_t count, int64_t length) {
        std::vector<Floats> made;
        for (int64_t i = 0; i < count; ++i) made.emplace_back(dice, looked ? length : 0);
        return made;
    };
    const Floats out(dice, (first_only ? texts : total) * width);
    const auto kept = room(depth + 1, total * width), seen = room(depth, heads * squares(starts));
    run(out, kept, seen, threads_of(dice));
}

void everything(uint64_t seed, int64_t rounds) {
    Dice dice{std::mt19937_64(seed)};
    void (*const all[])(Dice&) = {linear, add_norm, embed, quantise, attention, train_attention, encode};
    for (int64_t round = 0; round < rounds; ++round)
        for (auto each : all) each(dice);
}

#if !defined(__SANITIZE_THREAD__) && !defined(NO_FORKS)  // where threads do not survive a fork
// A forked child has none of the threads, and gets its own.
void forked(uint64_t seed) {
    const pid_t child = fork();
    if (child == 0) {
        everything(seed, 2);
        _exit(0);
    }
    int status = 0;
    require(child > 0 && waitpid(child, &status, 0) == child && status == 0, "a forked child");
}
#endif

}  // namespace

int main(int count, char** given) {
    const uint64_t seed = count > 1 ? std::strtoull(given[1], nullptr, 10) : 0;
    const int64_t rounds = count > 2 ? std::atol(given[2]) : 20;
    for (int32_t set = 0; set < torso_instruction_sets(); ++set) {
        torso_choose(set);
        everything(seed, rounds);
        std::vector<std::thread> several;
        for (int i = 0; i < 3; ++i) several.emplace_back(everything, seed + 1 + i, rounds / 3 + 1);
        for (auto& each : several) each.join();
#if !defined(__SANITIZE_THREAD__) && !defined(NO_FORKS)
        forked(seed);
#endif
        std::printf("%s: fine\n", torso_instruction_set_name(set));
        std::fflush(stdout);
    }
}
