// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// Attention with dropout, and its gradient (after Dao and others 2022, https://arxiv.org/abs/2205.14135).
//
// A piece of work is a text and a head of its keys. Of a few queries at a time all scores lie in the second cache, in
// float32 whatever the rows are of, and are never written out: for the gradient only the logarithm of each row's sum is
// kept, from which the weights follow again. Which of them are dropped follows from seed, head, query and key.

constexpr int64_t TRAINED_QUERIES = 64;  // at a time
#if WIDTH == 16
constexpr int TRAINED_ROWS = 8;  // 16 sums, two vectors of the right side and one number of the left
#else
constexpr int TRAINED_ROWS = 4;
#endif

// Numbers of a matrix, read one by one: [rows, inner].
struct LeftMatrix {
    const float* from;
    int64_t row_step, step;
};

template <int high, int wide>
inline void small_tile(const LeftMatrix& left, int64_t inner, const float* right, int64_t right_step, float* to,
                       int64_t to_step, bool more) {
    Floats sums[high][wide];
#pragma GCC unroll 8
    for (int i = 0; i < high; ++i)
#pragma GCC unroll 2
        for (int j = 0; j < wide; ++j) sums[i][j] = more ? load(to + i * to_step + j * WIDTH) : Floats{};
    for (int64_t k = 0; k < inner; ++k) {
        const float* numbers = left.from + k * left.step;
        Floats other[wide];
#pragma GCC unroll 2
        for (int j = 0; j < wide; ++j) other[j] = load(right + k * right_step + j * WIDTH);
#pragma GCC unroll 8
        for (int i = 0; i < high; ++i)
#pragma GCC unroll 2
            for (int j = 0; j < wide; ++j) sums[i][j] += numbers[i * left.row_step] * other[j];
    }
#pragma GCC unroll 8
    for (int i = 0; i < high; ++i)
#pragma GCC unroll 2
        for (int j = 0; j < wide; ++j) store(to + i * to_step + j * WIDTH, sums[i][j]);
}

template <int wide, int high = TRAINED_ROWS>
inline void small_tile_of(int64_t rows, const LeftMatrix& left, int64_t inner, const float* right, int64_t right_step,
                          float* to, int64_t to_step, bool more) {
    if constexpr (high > 1)
        if (rows < high) return small_tile_of<wide, high - 1>(rows, left, inner, right, right_step, to, to_step, more);
    small_tile<high, wide>(left, inner, right, right_step, to, to_step, more);
}

// left [rows, inner] x right [inner, columns], in whole vectors of columns, put into `to` or added to what is there.
inline void small_product(const LeftMatrix& left, int64_t rows, int64_t inner, const float* right, int64_t right_step,
                          int64_t columns, float* to, int64_t to_step, bool more) {
    for (int64_t column = 0; column < columns; column += 2 * WIDTH)
        for (int64_t row = 0; row < rows; row += TRAINED_ROWS) {
            const LeftMatrix own{left.from + row * left.row_step, left.row_step, left.step};
            float* at = to + row * to_step + column;
            if (column + WIDTH < columns)
                small_tile_of<2>(rows - row, own, inner, right + column, right_step, at, to_step, more);
            else
                small_tile_of<1>(rows - row, own, inner, right + column, right_step, at, to_step, more);
        }
}

// Random words of a row of weights: one for each key.
class DropoutRow {
   public:
    DropoutRow(uint64_t seed, int64_t head, int64_t query) {
        // SplitMix64: Steele and others 2014, https://doi.org/10.1145/2660193.2660195.
        uint64_t state = seed + 0x9E3779B97F4A7C15ull * ((uint64_t(head) << 40 | uint64_t(query)) + 1);
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9ull;
        state = (state ^ state >> 27) * 0x94D049BB133111EBull;
        state ^= state >> 31;
        first_ = uint32_t(state);
        second_ = uint32_t(state >> 32);
    }

    // Of the keys from `key` on.
    Words at(int64_t key) const {
        Words word{};
        for (int lane = 0; lane < WIDTH; ++lane) word[lane] = uint32_t(lane);
        word = (word + uint32_t(key)) * 0x9E3779B9u + first_;
        word = (word ^ word >> 16) * 0x85EBCA6Bu;
        word = (word ^ second_ ^ word >> 13) * 0xC2B2AE35u;
        return word ^ word >> 16;
    }

   private:
    uint32_t first_, second_;
};

template <class Number>
class TrainedText {
   public:
    // Room of a piece of work, in floats.
    static int64_t scratch(int64_t keys, int64_t size) {
        const int64_t wide = whole_vectors(size), step = whole_vectors(keys) + WIDTH;
        return 4 * keys * wide + 2 * size * step + TRAINED_QUERIES * (4 * wide + 2 * step);
    }

    TrainedText(const torso_training_attention& call, int64_t text, int64_t key_head, float* scratch)
        : call_(call),
          size_(call.head_size),
          wide_(whole_vectors(call.head_size)),
          first_query_(call.query_starts[text]),
          first_key_(call.key_starts[text]),
          queries_(call.query_starts[text + 1] - first_query_),
          keys_(call.key_starts[text + 1] - first_key_),
          step_(whole_vectors(keys_) + WIDTH),
          query_start_(std::max<int64_t>(keys_ - queries_, 0)),
          key_head_(key_head) {
        for (float** each : {&key_rows_, &value_rows_, &key_sums_, &value_sums_}) {
            *each = scratch;
            scratch += keys_ * wide_;
        }
        for (float** each : {&key_columns_, &value_columns_}) {
            *each = scratch;
            scratch += size_ * step_;
        }
        for (float** each : {&query_, &out_, &gradient_, &made_}) {
            *each = scratch;
            scratch += TRAINED_QUERIES * wide_;
        }
        scores_ = scratch;
        slopes_ = scratch + TRAINED_QUERIES * step_;
        const double kept = 1. - double(call.dropped) / 4294967296.;
        factor_ = call.dropped ? float(1. / kept) : 1.f;
    }

    void forward() {
        gather(key_of(call_.keys, call_.key_step), call_.key_step, keys_, key_rows_, 1.f);
        turn(key_rows_, key_columns_);
        gather(key_of(call_.values, call_.value_step), call_.value_step, keys_, value_rows_, 1.f);
        each_tile([&](int64_t head, int64_t top, int64_t high) {
            score(head, top, high);
            for (int64_t i = 0; i < high; ++i) softmax(head, top, i);
            small_product({scores_ + begin_, step_, 1}, high, end_ - begin_, value_rows_ + begin_ * wide_, wide_, wide_,
                          made_, wide_, false);
            scatter(made_, high, query_of(call_.to, call_.heads * size_, head, top), call_.heads * size_, 1.f);
        });
    }

    void backward() {
        gather(key_of(call_.keys, call_.key_step), call_.key_step, keys_, key_rows_, 1.f);
        turn(key_rows_, key_columns_);
        gather(key_of(call_.values, call_.value_step), call_.value_step, keys_, value_rows_, 1.f);
        turn(value_rows_, value_columns_);
        std::fill_n(key_sums_, keys_ * wide_, 0.f);
        std::fill_n(value_sums_, keys_ * wide_, 0.f);
        const int64_t row = call_.heads * size_;
        each_tile([&](int64_t head, int64_t top, int64_t high) {
            score(head, top, high);
            gather(query_of(call_.gradient, row, head, top), row, high, gradient_, 1.f);
            gather(query_of(static_cast<const void*>(call_.to), row, head, top), row, high, out_, 1.f);
            small_product({gradient_, wide_, 1}, high, size_, value_columns_ + begin_, step_, end_ - begin_,
                          slopes_ + begin_, step_, false);
            for (int64_t i = 0; i < high; ++i) slope(head, top, i);
            float* of_values = value_sums_ + begin_ * wide_;
            float* of_keys = key_sums_ + begin_ * wide_;
            small_product({scores_ + begin_, 1, step_}, end_ - begin_, high, gradient_, wide_, wide_, of_values, wide_,
                          true);
            small_product({slopes_ + begin_, 1, step_}, end_ - begin_, high, query_, wide_, wide_, of_keys, wide_,
                          true);
            small_product({slopes_ + begin_, step_, 1}, high, end_ - begin_, key_rows_ + begin_ * wide_, wide_, wide_,
                          made_, wide_, false);
            scatter(made_, high, query_of(call_.query_gradients, row, head, top), row, call_.scale);
        });
        const int64_t key_row = call_.key_heads * size_;
        scatter(key_sums_, keys_, key_of(call_.key_gradients, key_row), key_row, 0.693147181f);
        scatter(value_sums_, keys_, key_of(call_.value_gradients, key_row), key_row, 1.f);
    }

   private:
    template <class Run>
    void each_tile(const Run& run) {
        const int64_t share = call_.heads / call_.key_heads;
        for (int64_t head = key_head_ * share; head < (key_head_ + 1) * share; ++head)
            for (int64_t top = 0; top < queries_; top += TRAINED_QUERIES) {
                const int64_t high = std::min(TRAINED_QUERIES, queries_ - top);
                begin_ = first_seen(top) / WIDTH * WIDTH;
                end_ = std::max(begin_, last_seen(top + high - 1));
                run(head, top, high);
            }
    }

    // The keys that a query sees: from the first up to the last.
    int64_t first_seen(int64_t query) const {
        return call_.left < 0 ? 0 : std::min(keys_, std::max<int64_t>(query_start_ + query - call_.left, 0));
    }
    int64_t last_seen(int64_t query) const {
        return call_.right < 0 ? keys_ : std::min(keys_, query_start_ + query + call_.right + 1);
    }

    const Number* key_of(const void* rows, int64_t step) const {
        return static_cast<const Number*>(rows) + first_key_ * step + key_head_ * size_;
    }
    Number* key_of(void* rows, int64_t step) const {
        return static_cast<Number*>(rows) + first_key_ * step + key_head_ * size_;
    }
    const Number* query_of(const void* rows, int64_t step, int64_t head, int64_t query) const {
        return static_cast<const Number*>(rows) + (first_query_ + query) * step + head * size_;
    }
    Number* query_of(void* rows, int64_t step, int64_t head, int64_t query) const {
        return static_cast<Number*>(rows) + (first_query_ + query) * step + head * size_;
    }

    // Rows [count, size] as float32 in whole vectors, with zeros behind them.
    void gather(const Number* rows, int64_t step, int64_t count, float* to, float factor) const {
        for (int64_t row = 0; row < count; ++row, rows += step, to += wide_) {
            for (int64_t i = 0; i < wide_; i += WIDTH) {
                const int64_t here = size_ - i;
                store(to + i, (here >= WIDTH ? load(rows + i) : load_some(rows + i, here)) * factor);
            }
        }
    }
    void scatter(const float* rows, int64_t count, Number* to, int64_t step, float factor) const {
        for (int64_t row = 0; row < count; ++row, rows += wide_, to += step) {
            for (int64_t i = 0; i < size_; i += WIDTH) {
                const int64_t here = size_ - i;
                if (here >= WIDTH)
                    store(to + i, load(rows + i) * factor);
                else
                    store_some(to + i, load(rows + i) * factor, here);
            }
        }
    }
    // Rows [keys, size] as columns [size, keys], with zeros behind them.
    void turn(const float* rows, float* columns) const {
        for (int64_t i = 0; i < size_; ++i) {
            float* to = columns + i * step_;
            for (int64_t key = 0; key < keys_; ++key) to[key] = rows[key * wide_ + i];
            for (int64_t key = keys_; key < step_; ++key) to[key] = 0.f;
        }
    }

    // Scores of queries top to top + high with the keys that any of them sees, as powers of two.
    void score(int64_t head, int64_t top, int64_t high) {
        gather(query_of(call_.queries, call_.query_step, head, top), call_.query_step, high, query_,
               call_.scale * 1.44269504f);
        small_product({query_, wide_, 1}, high, size_, key_columns_ + begin_, step_, end_ - begin_, scores_ + begin_,
                      step_, false);
    }

    // What a query does not see, up to whole vectors.
    void hide(float* row, int64_t first, int64_t last, float value) const {
        for (int64_t key = begin_; key < first; ++key) row[key] = value;
        for (int64_t key = last; key < begin_ + whole_vectors(end_ - begin_); ++key) row[key] = value;
    }

    float& log_sum(int64_t head, int64_t query) const {
        return call_.log_sums[(first_query_ + query) * call_.heads + head];
    }

    // The scores of a query become weights, of which some are dropped.
    void softmax(int64_t head, int64_t top, int64_t i) {
        float* row = scores_ + i * step_;
        hide(row, first_seen(top + i), last_seen(top + i), -INFINITY);
        Floats most = splat(-INFINITY);
        for (int64_t key = begin_; key < end_; key += WIDTH) most = larger(most, load(row + key));
        const float top_score = largest_of(most);
        Floats sums{};
        for (int64_t key = begin_; key < end_; key += WIDTH) {
            const Floats weight = power_of_two<true>(load(row + key) - top_score);
            sums += weight;
            store(row + key, weight);
        }
        const float sum = sum_of(sums), factor = factor_ / sum;
        log_sum(head, top + i) = top_score + std::log2(sum);
        const DropoutRow random(call_.seed, head, first_query_ + top + i);
        const uint32_t dropped = call_.dropped;
        for (int64_t key = begin_; key < end_; key += WIDTH) {
            const Floats weight = load(row + key) * factor;
            store(row + key, dropped ? (random.at(key) < dropped ? Floats{} : weight) : weight);
        }
    }

    // From scores and the gradients of the weights as they were dropped: those weights, and the gradients of scores.
    void slope(int64_t head, int64_t top, int64_t i) {
        float *row = scores_ + i * step_, *slopes = slopes_ + i * step_;
        Floats sums{};
        for (int64_t k = 0; k < wide_; k += WIDTH) sums += load(gradient_ + i * wide_ + k) * load(out_ + i * wide_ + k);
        const float mean = sum_of(sums), log = log_sum(head, top + i);
        const DropoutRow random(call_.seed, head, first_query_ + top + i);
        const uint32_t dropped = call_.dropped;
        for (int64_t key = begin_; key < end_; key += WIDTH) {
            const Floats weight = power_of_two<true>(load(row + key) - log);
            Floats factor = splat(factor_);
            if (dropped) factor = random.at(key) < dropped ? Floats{} : factor;
            store(slopes + key, weight * (load(slopes + key) * factor - mean));
            store(row + key, weight * factor);
        }
        hide(row, first_seen(top + i), last_seen(top + i), 0.f);
        hide(slopes, first_seen(top + i), last_seen(top + i), 0.f);
    }

    const torso_training_attention& call_;
    const int64_t size_, wide_, first_query_, first_key_, queries_, keys_, step_, query_start_, key_head_;
    float *key_rows_, *value_rows_, *key_sums_, *value_sums_;  // [keys, wide]
    float *key_columns_, *value_columns_;                      // [size, step]
    float *query_, *out_, *gradient_, *made_;                  // [TRAINED_QUERIES, wide]
    float *scores_, *slopes_;                                  // [TRAINED_QUERIES, step]
    float factor_;
    int64_t begin_ = 0, end_ = 0;  // the keys that any query of the tile sees
};
