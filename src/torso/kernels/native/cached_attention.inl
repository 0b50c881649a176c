// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// Attention of a sequence's new queries to its cached keys and values, which lie [rows, size] for each of their heads.
//
// A few queries that share their keys go together. Each sum is in an order that follows from the query's own keys, so a
// query's result is the same to the last bit in whatever company, and in whatever piece of its prompt, it is computed.

constexpr int CACHED_TILE = 4;
#if WIDTH == 16
constexpr int CACHED_VECTORS = 4;
#else
constexpr int CACHED_VECTORS = 2;
#endif

// A query: where it lies, which key it stands at, and where its result goes.
struct CachedQuery {
    const float* query;
    float* to;
    int64_t place;
    float slope;
    const float* distances;  // [place + 1] added to the scores of its keys; null for none
};

inline int64_t cached_scratch(int64_t keys, int64_t size) { return CACHED_TILE * (size + room(keys) + WIDTH) + 64; }

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
    return softmax_row<Float32>(scores, scores, begin / WIDTH * WIDTH, (last + WIDTH - 1) / WIDTH * WIDTH, begin, end,
                                query.place, ScoreParams{scale, -1, -1, nullptr, 0, {}});
}

// to[i][column ...] = the sum over keys of weight * value, for `vectors` vectors of columns.
template <int rows, int vectors>
__attribute__((noinline)) void cached_values(const float* weights, int64_t step, const float* values, int64_t size,
                                             int64_t first, int64_t last, int64_t columns, const float* factors,
                                             const CachedQuery* queries, int64_t column) {
    Floats sums[rows][vectors];
#pragma GCC unroll 4
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) sums[i][v] = Floats{};
    const bool whole = columns >= vectors * WIDTH;
    for (int64_t key = first; key < last; ++key) {
        Floats own[vectors];
        const float* from = values + key * size + column;
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v)
            own[v] = whole || columns - v * WIDTH >= WIDTH
                         ? load(from + v * WIDTH)
                         : load_some(from + v * WIDTH, std::max<int64_t>(columns - v * WIDTH, 0));
#pragma GCC unroll 4
        for (int i = 0; i < rows; ++i) {
            const float weight = weights[i * step + key];
#pragma GCC unroll 4
            for (int v = 0; v < vectors; ++v) sums[i][v] += weight * own[v];
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) {
            const int64_t count = std::min<int64_t>(columns - v * WIDTH, WIDTH);
            if (count > 0) store_some(queries[i].to + column + v * WIDTH, sums[i][v] * factors[i], count);
        }
}

// Up to CACHED_TILE queries of heads that share the keys and values of one head.
template <int rows = CACHED_TILE>
void attend_cached(int64_t count, const CachedQuery* queries, const float* keys, const float* values, int64_t size,
                   float scale, float softcap, int64_t left, float* scratch) {
    if constexpr (rows > 1)
        if (count < rows)
            return attend_cached<rows - 1>(count, queries, keys, values, size, scale, softcap, left, scratch);
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
    direct_piece(Direct{own, keys, nullptr, scores, rows, step, size}, 0, rows, first, last);
    float factors[rows];
    for (int i = 0; i < rows; ++i) {
        const int64_t begin = left < 0 ? 0 : std::max<int64_t>(queries[i].place - left, 0);
        float* row = scores + i * step;
        factors[i] = cached_softmax(row, begin, queries[i].place + 1, last, queries[i], scale, softcap);
        for (int64_t key = first; key < begin / WIDTH * WIDTH; ++key) row[key] = 0.f;
    }
    for (int64_t column = 0; column < size; column += CACHED_VECTORS * WIDTH)
        cached_values<rows, CACHED_VECTORS>(scores, step, values, size, first, last, size - column, factors, queries,
                                            column);
}
