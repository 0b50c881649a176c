// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// Attention of a sequence's new queries to its cached keys and values, which lie [rows, size] for each of their heads,
// in float32 or bfloat16.
//
// A few queries that share their keys go together. Each sum is in an order that follows from the query's own keys, so a
// query's result is the same to the last bit in whatever company, and in whatever piece of its prompt, it is computed.

#if WIDTH == 16
constexpr int CACHED_TILE = 6;  // by four keys or vectors of values: 24 sums
constexpr int CACHED_VECTORS = 4;
#else
constexpr int CACHED_TILE = 4;
constexpr int CACHED_VECTORS = 2;
#endif

// A query: where it lies, which key it stands at, and where its result goes.
struct CachedQuery {
    const float* query;
    float* to;
    int64_t place;
    float slope;
    const float* distances;  // [place + 1] added to the scores of its keys; null for none
    float sink;              // a score beside those of its keys, which has a weight and no value; -INFINITY for none
};

// How many keys ahead their memory is asked for.
constexpr int64_t CACHED_AHEAD = 32;

template <class Number>
inline void ask_for(const Number* from, int64_t count) {
    const char* line = reinterpret_cast<const char*>(from);
    for (int64_t i = 0; i < count * int64_t(sizeof(Number)); i += 64) __builtin_prefetch(line + i, 0, 2);
}

// So many numbers of a head's keys and values are widened for the many queries of a prompt: more would leave the
// second-level cache.
constexpr int64_t WIDENED = 1 << 17;
constexpr int64_t WIDENED_QUERIES = 64;

inline int64_t cached_scratch(int64_t keys, int64_t size) {
    return CACHED_TILE * (size + room(keys) + WIDTH) + 64 + std::min(WIDENED, 2 * keys * size);
}

// The largest of the scores from begin to end.
inline float largest_score(const float* scores, int64_t begin, int64_t end) {
    Floats most = splat(-INFINITY);
    int64_t key = begin;
    for (; key + WIDTH <= end; key += WIDTH) most = larger(most, load(scores + key));
    float largest = largest_of(most);
    for (; key < end; ++key) largest = scores[key] > largest ? scores[key] : largest;
    return largest;
}

// exp(score - the largest) over the keys begin to end, zeros up to `last`; gives 1 / the sum. Compiled once: which of
// two products is fused with a sum is the compiler's choice, and differs where it is inlined.
__attribute__((noinline)) float cached_softmax(float* scores, int64_t begin, int64_t end, int64_t last,
                                               const CachedQuery& query, float scale, float softcap) {
    if (softcap > 0.f || query.slope != 0.f || query.distances) {
        Floats lanes{};
        for (int lane = 0; lane < WIDTH; ++lane) lanes[lane] = static_cast<float>(lane);
        for (int64_t key = begin / WIDTH * WIDTH; key < end; key += WIDTH) {
            Floats value = load(scores + key) * scale;
            if (softcap > 0.f) value = softcap * hyperbolic_tangent<true>(value / softcap);
            value += query.slope * (static_cast<float>(key - query.place) + lanes);
            if (query.distances) value += load_some(query.distances + key, std::min<int64_t>(WIDTH, end - key));
            store(scores + key, value);
        }
        scale = 1.f;
    }
    const bool sinks = query.sink > -INFINITY;
    const float top = sinks ? largest_score(scores, begin, end) * scale : 0.f;
    const float factor = softmax_row<Float32>(scores, scores, begin / WIDTH * WIDTH, (last + WIDTH - 1) / WIDTH * WIDTH,
                                              {begin, end}, query.place, ScoreParams{scale, -1, -1, nullptr, 0, {}});
    return sinks ? 1.f / (1.f / factor + exponential<true>(splat(query.sink - top))[0]) : factor;
}

// Products of queries with the keys first to last. Each sum is kept in the lanes of one vector, which are added last.
template <bool whole, int rows, class Number>
__attribute__((noinline)) void cached_scores(const float* queries, const Number* keys, int64_t size, int64_t first,
                                             int64_t last, float* scores, int64_t step) {
    const int64_t vectors = size / WIDTH * WIDTH;
    for (int64_t key = first; key < last; key += 4) {
        // Keys behind the last are computed as the last; there is room for what comes of them.
        const Number* four[4];
        for (int64_t j = 0; j < 4; ++j) four[j] = keys + std::min<int64_t>(key + j, last - 1) * size;
        Floats sums[rows][4];
#pragma GCC unroll 6
        for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
            for (int j = 0; j < 4; ++j) sums[i][j] = Floats{};
        for (int64_t at = 0; at < vectors; at += WIDTH)
#pragma GCC unroll 4
            for (int j = 0; j < 4; ++j) {
                const Floats other = load(four[j] + at);
#pragma GCC unroll 6
                for (int i = 0; i < rows; ++i) sums[i][j] += load(queries + i * size + at) * other;
            }
        if constexpr (!whole)
#pragma GCC unroll 4
            for (int j = 0; j < 4; ++j) {
                const Floats other = load_some(four[j] + vectors, size - vectors);
#pragma GCC unroll 6
                for (int i = 0; i < rows; ++i)
                    sums[i][j] += load_some(queries + i * size + vectors, size - vectors) * other;
            }
#pragma GCC unroll 6
        for (int i = 0; i < rows; ++i) {
            const Four all = sums_of(sums[i][0], sums[i][1], sums[i][2], sums[i][3]);
            std::memcpy(scores + i * step + key, &all, sizeof all);
        }
    }
}

// to[i][column ...] = the sum over keys of weight * value, for `vectors` vectors of columns.
template <bool whole, bool streamed, int rows, int vectors, class Number>
__attribute__((noinline)) void cached_values(const float* weights, int64_t step, const Number* values, int64_t size,
                                             int64_t first, int64_t last, int64_t columns, const float* factors,
                                             const CachedQuery* queries, int64_t column) {
    Floats sums[rows][vectors];
#pragma GCC unroll 6
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) sums[i][v] = Floats{};
    for (int64_t key = first; key < last; ++key) {
        if constexpr (streamed) ask_for(values + (key + CACHED_AHEAD) * size + column, vectors * WIDTH);
        Floats own[vectors];
        const Number* from = values + key * size + column;
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v)
            own[v] = whole || columns - v * WIDTH >= WIDTH
                         ? load(from + v * WIDTH)
                         : load_some(from + v * WIDTH, std::max<int64_t>(columns - v * WIDTH, 0));
#pragma GCC unroll 6
        for (int i = 0; i < rows; ++i) {
            const float weight = weights[i * step + key];
#pragma GCC unroll 4
            for (int v = 0; v < vectors; ++v) sums[i][v] += weight * own[v];
        }
    }
#pragma GCC unroll 6
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) {
            const int64_t count = std::min<int64_t>(columns - v * WIDTH, WIDTH);
            if (count > 0) store_some(queries[i].to + column + v * WIDTH, sums[i][v] * factors[i], count);
        }
}

// Up to CACHED_TILE queries of heads that share the keys and values of one head; streamed: which come from memory.
template <bool streamed, class Number, int rows = CACHED_TILE>
void attend_cached(int64_t count, const CachedQuery* queries, const Number* keys, const Number* values, int64_t size,
                   float scale, float softcap, int64_t left, float* scratch) {
    if constexpr (rows > 1)
        if (count < rows)
            return attend_cached<streamed, Number, rows - 1>(count, queries, keys, values, size, scale, softcap, left,
                                                             scratch);
    int64_t first = INT64_MAX, last = 0;
    for (int i = 0; i < rows; ++i) {
        first = std::min<int64_t>(first, left < 0 ? 0 : std::max<int64_t>(queries[i].place - left, 0));
        last = std::max<int64_t>(last, queries[i].place + 1);
    }
    first = first / WIDTH * WIDTH;
    const int64_t step = (last + 2 * WIDTH - 1) / WIDTH * WIDTH;
    float* own = scratch;
    float* scores = own + CACHED_TILE * size;
    for (int i = 0; i < rows; ++i) std::memcpy(own + i * size, queries[i].query, bytes_of<float>(size));
    for (int64_t key = first; key < last; key += CACHED_AHEAD) {
        const int64_t next = key + CACHED_AHEAD;
        if constexpr (streamed) ask_for(next < last ? keys + next * size : values + first * size, CACHED_AHEAD * size);
        if (size % WIDTH)
            cached_scores<false, rows>(own, keys, size, key, std::min<int64_t>(next, last), scores, step);
        else
            cached_scores<true, rows>(own, keys, size, key, std::min<int64_t>(next, last), scores, step);
    }
    float factors[rows];
    for (int i = 0; i < rows; ++i) {
        const int64_t begin = left < 0 ? 0 : std::max<int64_t>(queries[i].place - left, 0);
        float* row = scores + i * step;
        factors[i] = cached_softmax(row, begin, queries[i].place + 1, last, queries[i], scale, softcap);
        for (int64_t key = first; key < begin / WIDTH * WIDTH; ++key) row[key] = 0.f;
    }
    const int64_t wide = CACHED_VECTORS * WIDTH;
    int64_t column = 0;
    for (; column + wide <= size; column += wide)
        cached_values<true, streamed, rows, CACHED_VECTORS>(scores, step, values, size, first, last, size - column,
                                                            factors, queries, column);
    if (column < size)
        cached_values<false, streamed, rows, CACHED_VECTORS>(scores, step, values, size, first, last, size - column,
                                                             factors, queries, column);
}
