// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and query_start alone
// nowhere. Attention of one sequence's queries to its keys, one head at a time; all of it stays in the first two
// caches.

// Keys [count, size] as a packed matrix [size, count].
template <class Kind>
inline void pack_keys(const typename Kind::Number* keys, int64_t row_step, int64_t count, int64_t size,
                      int32_t* packed) {
    pack_rows(keys, row_step * sizeof(*keys), count, size / Kind::PER_DWORD, packed);
}

// Values [count, size] as a packed matrix [count, size].
inline void pack_values(const float* values, int64_t row_step, int64_t count, int64_t size, int32_t* packed) {
    for (int64_t begin = 0; begin < size; begin += WIDTH) {
        int32_t* panel = packed + begin / PANEL * count * PANEL + begin % PANEL;
        const int64_t here = size - begin < WIDTH ? size - begin : WIDTH;
        for (int64_t k = 0; k < count; ++k) {
            const float* from = values + k * row_step + begin;
            store_dwords(panel + k * PANEL, (Ints)(here == WIDTH ? load(from) : load_some(from, here)));
        }
    }
}
#ifdef HAS_BFLOAT16
inline void pack_values(const uint16_t* values, int64_t row_step, int64_t count, int64_t size, int32_t* packed) {
    const int64_t dwords = (count + 1) / 2;
    for (int64_t begin = 0; begin < size; begin += WIDTH) {
        int32_t* panel = packed + begin / PANEL * dwords * PANEL + begin % PANEL;
        const int64_t here = size - begin < WIDTH ? size - begin : WIDTH;
        for (int64_t k = 0; k < dwords; ++k) {
            const uint16_t* from = values + 2 * k * row_step + begin;
            const Words even = load_some_words(from, here);
            const Words odd = 2 * k + 1 < count ? load_some_words(from + row_step, here) : Words{};
            store_dwords(panel + k * PANEL, (Ints)(even | odd << 16));
        }
    }
}
#endif

struct Scores {
    float* to;
    int64_t row_step;
    void operator()(int i, int v, Floats sum) const { store(to + i * row_step + v * WIDTH, sum); }
};

template <class Number>
struct Weighted {
    Number* to;
    int64_t row_step;
    const float* factors;
    int64_t columns;
    void operator()(int i, int v, Floats sum) const {
        const int64_t count = columns - v * WIDTH;
        sum *= factors[i];
        if (count >= WIDTH)
            store(to + i * row_step + v * WIDTH, sum);
        else if (count > 0)
            store_some(to + i * row_step + v * WIDTH, sum, count);
    }
};

inline int64_t room(int64_t count) { return panels_of(count) * PANEL; }

// Rows of distances that one head's queries and keys meet.
struct RelativePositions {
    const int32_t* keys;     // a packed matrix [size, count] that queries meet; null for nothing
    const int32_t* queries;  // one that keys meet
    const int32_t* rows;     // the row of each distance, from key position minus query position = 0
    int64_t count;           // in whole panels; 0 where there are no such rows
};

// How scores become weights.
struct ScoreParams {
    float scale;
    int64_t left, right;  // how many earlier and later keys are seen; negative for all
    const float*
        distances;  // of one head, [2 * reach + 1], added to the scores by key position minus query position; or null
    int64_t reach;  // no less than any distance
    RelativePositions relative;
};

// Room for one head's attention, in floats; `places` is the number of rows of distances.
inline int64_t attention_scratch(int64_t keys, int64_t size, int64_t places) {
    const int64_t met = places ? (keys + TILE) * (places + WIDTH) : 0;
    return room(keys) * (size + 1) + room(size) * (keys + 2) + 2 * TILE * room(keys) + 64 + met;
}

// What queries and keys score with rows of distances. Of a query or a key only the panels are multiplied that hold a
// row it meets: about half of all that its text meets.
template <class Kind>
class DisentangledScores {
    typedef typename Kind::Number Number;

   public:
    // Keys 0 to b against queries that stand at `query_start` to `query_start` + a.
    DisentangledScores(const RelativePositions& relative, const Number* keys, int64_t row_step, int64_t a, int64_t b,
                       int64_t query_start, int64_t size, float* scratch)
        : relative_(relative),
          row_step_(row_step),
          dwords_(size / Kind::PER_DWORD),
          least_(panel_at(1 - query_start - a, b - 1 - query_start)),
          // One vector more, so that the same row of successive keys is not always in the same set of the cache.
          width_(last_at(1 - query_start - a, b - 1 - query_start) / PANEL * PANEL + PANEL - least_ + WIDTH),
          of_queries_(scratch),
          of_keys_(scratch + TILE * width_) {
        if (!relative.queries) return;
        const RowTiles tiles(b);
        for (int64_t t = 0; t < tiles.count; ++t) {
            const int64_t top = tiles.begin(t), end = tiles.begin(t + 1);
            meet(relative.queries, keys + top * row_step, end - top, top - (query_start + a - 1), end - 1 - query_start,
                 of_keys_ + top * width_);
        }
    }

    // The next `height` queries, the first of which query_start at `place`, against b keys.
    void next(const Number* queries, int64_t height, int64_t place, int64_t b) const {
        if (relative_.keys) meet(relative_.keys, queries, height, 1 - place - height, b - 1 - place, of_queries_);
    }

    // Adds to the scores of the i-th of these queries, which query_start at `place`, with the keys begin to end.
    void add(float* scores, int64_t i, int64_t place, int64_t begin, int64_t end) const {
        const int32_t* rows = relative_.rows - place;
        const float *query = of_queries_ + i * width_ - least_, *keys = of_keys_ - least_;
        if (relative_.keys)
            for (int64_t key = begin; key < end; ++key) scores[key] += query[rows[key]];
        if (relative_.queries)
            for (int64_t key = begin; key < end; ++key) scores[key] += keys[key * width_ + rows[key]];
    }

   private:
    int64_t last_at(int64_t first, int64_t last) const { return std::max(relative_.rows[first], relative_.rows[last]); }
    int64_t panel_at(int64_t first, int64_t last) const {
        return std::min(relative_.rows[first], relative_.rows[last]) / PANEL * PANEL;
    }

    // A tile of queries or keys against the rows of the distances `first` to `last`.
    void meet(const int32_t* packed, const Number* tile, int64_t height, int64_t first, int64_t last, float* to) const {
        for (int64_t row = panel_at(first, last); row <= last_at(first, last); row += PANEL)
            tile_by_panel<Kind>(height, PANEL, tile, row_step_, packed + row * dwords_, dwords_,
                                Scores{to + row - least_, width_});
    }

    const RelativePositions& relative_;
    const int64_t row_step_, dwords_, least_, width_;
    float *of_queries_, *of_keys_;
};

// The keys that a query sees.
struct Seen {
    int64_t begin, end;
    int64_t from() const { return begin / WIDTH * WIDTH; }
    int64_t to() const { return (end + WIDTH - 1) / WIDTH * WIDTH; }
};

// What scores are multiplied with to be powers of two; what distances add has been added to those that are scaled.
inline float power_factor(const ScoreParams& params) { return (params.distances ? 1.f : params.scale) * 1.44269504f; }

// Readies a row of scores, and gives the largest of each lane.
inline Floats largest_scores(float* scores, Seen seen, int64_t place, const ScoreParams& params) {
    if (params.distances) {
        const float* distances = params.distances + params.reach - place;
        int64_t key = seen.begin;
        for (; key + WIDTH <= seen.end; key += WIDTH)
            store(scores + key, load(scores + key) * params.scale + load(distances + key));
        for (; key < seen.end; ++key) scores[key] = scores[key] * params.scale + distances[key];
    }
    for (int64_t key = seen.from(); key < seen.begin; ++key) scores[key] = -INFINITY;
    for (int64_t key = seen.end; key < seen.to(); ++key) scores[key] = -INFINITY;
    Floats most = splat(-INFINITY);
    for (int64_t key = seen.from(); key < seen.to(); key += WIDTH) most = larger(most, load(scores + key));
    return most;
}

// 2^(score * factor - top) of the keys seen, 0 in the rest of first to last; gives the sum of each lane.
template <class Kind>
inline Floats weigh(const float* scores, typename Kind::Number* weights, int64_t first, int64_t last, Seen seen,
                    float factor, float top) {
    const int64_t from = seen.from(), to = seen.to();
    Floats sums{};
    for (int64_t key = first; key < from; key += WIDTH) store(weights + key, Floats{});
    for (int64_t key = from; key < to; key += WIDTH) {
        const Floats weight = power_of_two<Kind::PRECISE>(load(scores + key) * factor - top);
        sums += weight;
        store(weights + key, weight);
    }
    for (int64_t key = to; key < last; key += WIDTH) store(weights + key, Floats{});
    return sums;
}

// exp(row - its largest) over the keys begin to end, of a row of scores; the rest of first to last becomes 0.
// Gives 1 / the sum.
template <class Kind>
inline float softmax_row(float* scores, typename Kind::Number* weights, int64_t first, int64_t last, Seen seen,
                         int64_t place, const ScoreParams& params) {
    const float factor = power_factor(params), top = largest_of(largest_scores(scores, seen, place, params)) * factor;
    return 1.f / sum_of(weigh<Kind>(scores, weights, first, last, seen, factor, top));
}

// The same of `count` rows `width` apart, of which the i-th sees seen[i] and stands at `place` + i; `factors` has room
// for whole vectors. What is one number of a row is found for as many rows as a vector has lanes at a time: row by row
// each would wait for the last.
template <class Kind>
inline void softmax_rows(float* scores, typename Kind::Number* weights, int64_t count, int64_t width, int64_t first,
                         int64_t last, const Seen* seen, int64_t place, const ScoreParams& params, float* factors) {
    const float factor = power_factor(params);
    for (int64_t begin = 0; begin < count; begin += WIDTH) {
        const int64_t end = std::min<int64_t>(begin + WIDTH, count);
        Floats lanes[WIDTH] = {};
        float tops[WIDTH];
        for (int64_t i = begin; i < end; ++i)
            lanes[i - begin] = largest_scores(scores + i * width, seen[i], place + i, params);
        store(tops, joined(lanes, [](Floats a, Floats b) { return larger(a, b); }) * factor);
        for (int64_t i = begin; i < end; ++i)
            lanes[i - begin] =
                weigh<Kind>(scores + i * width, weights + i * width, first, last, seen[i], factor, tops[i - begin]);
        store(factors + begin, 1.f / joined(lanes, [](Floats a, Floats b) { return a + b; }));
    }
}

// queries [a, size], keys and values [b, size] -> to [a, size]; query i query_start at key `query_start` + i.
// `explicit_weights` [a, b], if not null, receives the weights.
template <class Kind>
void attend(const typename Kind::Number* queries, const typename Kind::Number* keys,
            const typename Kind::Number* values, int64_t row_step, int64_t a, int64_t b, int64_t query_start,
            int64_t size, const ScoreParams& params, typename Kind::Number* to, int64_t to_step,
            float* explicit_weights, float* scratch) {
    typedef typename Kind::Number Number;
    const int64_t width = room(b), dwords = size / Kind::PER_DWORD;
    int32_t* packed_keys = reinterpret_cast<int32_t*>(scratch);
    int32_t* packed_values = packed_keys + width * dwords;
    const int64_t value_dwords = (b + Kind::PER_DWORD - 1) / Kind::PER_DWORD;
    float* scores = reinterpret_cast<float*>(packed_values + room(size) * value_dwords);
    Number* weights = reinterpret_cast<Number*>(scores);  // of float32, in place
    if (Kind::PER_DWORD == 2) weights = reinterpret_cast<Number*>(scores + TILE * width);
    pack_keys<Kind>(keys, row_step, b, size, packed_keys);
    pack_values(values, row_step, b, size, packed_values);
    std::optional<DisentangledScores<Kind>> disentangled;
    if (params.relative.count && b)
        disentangled.emplace(params.relative, keys, row_step, a, b, query_start, size, scores + 2 * TILE * width);
    const RowTiles tiles(a);
    for (int64_t t = 0; t < tiles.count; ++t) {
        const int64_t top = tiles.begin(t), height = tiles.begin(t + 1) - top, place = query_start + top;
        int64_t first = 0, last = b;
        if (params.left >= 0 && place - params.left > 0) first = (place - params.left) / PANEL * PANEL;
        if (params.right >= 0 && place + height + params.right < b) last = place + height + params.right;
        for (int64_t key = first; key < last; key += PANEL)
            tile_by_panel<Kind>(height, b - key, queries + top * row_step, row_step, packed_keys + key * dwords, dwords,
                                Scores{scores + key, width});
        if (disentangled) disentangled->next(queries + top * row_step, height, place, b);
        Seen seen[TILE];
        for (int64_t i = 0; i < height; ++i) {
            seen[i] = {0, b};
            if (params.left >= 0 && place + i - params.left > 0) seen[i].begin = place + i - params.left;
            if (params.right >= 0 && place + i + params.right + 1 < b) seen[i].end = place + i + params.right + 1;
            if (disentangled) disentangled->add(scores + i * width, i, place + i, seen[i].begin, seen[i].end);
        }
        float factors[(TILE + WIDTH - 1) / WIDTH * WIDTH];
        softmax_rows<Kind>(scores, weights, height, width, first, (last + WIDTH - 1) / WIDTH * WIDTH, seen, place,
                           params, factors);
        if (explicit_weights)
            for (int64_t i = 0; i < height; ++i)
                for (int64_t key = 0; key < b; ++key)
                    explicit_weights[(top + i) * b + key] = key < seen[i].begin || key >= seen[i].end
                                                                ? 0.f
                                                                : widened(weights[i * width + key]) * factors[i];
        const int64_t from = first / Kind::PER_DWORD, until = (last + Kind::PER_DWORD - 1) / Kind::PER_DWORD;
        for (int64_t column = 0; column < size; column += PANEL)
            tile_by_panel<Kind>(height, size - column, weights + first, width,
                                packed_values + column * value_dwords + from * PANEL, until - from,
                                Weighted<Number>{to + top * to_step + column, to_step, factors, size - column});
    }
}
