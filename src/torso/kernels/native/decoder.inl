// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// A decoder's step: the new rows of some sequences through all blocks, beside the keys and values of their earlier
// ones.
//
// All threads share each product by its columns and wait for one another between stages: with one row a step is the
// time that the weights take from memory. Rows are float32 between the products; each product has its own form of them.

template <class Number>
class Decoder : public LatentStages {
   public:
    using LatentStages::LatentStages;

    // Floats of a thread's own.
    int64_t scratch() const {
        int64_t longest = 0;
        for (int64_t text = 0; text < call_.texts; ++text)
            longest = std::max<int64_t>({longest, call_.past[text] + call_.starts[text + 1] - call_.starts[text],
                                         call_.memory ? call_.memory_sizes[text] : 0});
        return cached_scratch(longest, model_.head_size);
    }

    void run(const Worker& worker, float* scratch) const {
        const Share rows(total_, worker.rank, worker.workers);
        std::memcpy(x_ + rows.begin * model_.width, call_.rows + rows.begin * model_.width,
                    bytes_of<float>((rows.end - rows.begin) * model_.width));
        const bool narrow = narrows();
        for (int64_t layer = 0; layer < model_.depth; ++layer) {
            const torso_decoder_block& block = model_.blocks[layer];
            keep(worker, layer);
            queries_keys_values(worker, block, layer);
            const bool last = layer + 1 == model_.depth;
            const StepRows rows = last && narrow ? narrowed_rows(worker, qkv_step()) : all_;
            if (!rows.count) return;
            attention(worker, block, layer, rows, scratch);
            if (block.cross_query.packed) cross_attention(worker, block, layer, rows, scratch);
            feed_forward(worker, block, rows.count);
        }
        finish(worker, narrow);
    }

   private:
    static bool precedes(const torso_decoder_block& block) { return block.order != TORSO_POST_NORM; }
    // Whether a branch is not added at once: another norm follows, or the other branch still reads the block's input.
    static bool apart(const torso_decoder_block& block) {
        return block.order == TORSO_SANDWICH || block.order == TORSO_PARALLEL;
    }

    void keep(const Worker& worker, int64_t layer) const {
        if (!call_.kept) return;
        const Share rows(total_, worker.rank, worker.workers);
        std::memcpy(call_.kept + (layer * total_ + rows.begin) * model_.width, x_ + rows.begin * model_.width,
                    bytes_of<float>((rows.end - rows.begin) * model_.width));
    }

    void queries_keys_values(const Worker& worker, const torso_decoder_block& block, int64_t layer) const {
        if (block.latent) {
            latent_rows(worker, block, precedes(block));
        } else {
            const Operand read = normed_form(worker, total_, block.attn_norm, precedes(block),
                                             block.order == TORSO_NORMED_RESIDUAL, block.qkv);
            multiply_by(worker, block.qkv, read, total_,
                        Output<float>{qkv_, qkv_step(), block.qkv.bias, LINEAR, false});
        }
        cache_rows(worker, block, layer);
        worker.wait();
    }

    void attention(const Worker& worker, const torso_decoder_block& block, int64_t layer, const StepRows& rows,
                   float* scratch) const {
        const int64_t width = model_.width, to_step = model_.heads * model_.head_size;
        attend(worker, block, layer, rows, scratch);
        worker.wait();
        float* to = apart(block) ? branch_ : x_;
        const Operand read = form(worker, attended_, to_step, rows.count, block.out, [&](int64_t row) {
            if (block.latent) close_up(*block.latent, attended_ + row * to_step);
        });
        multiply_by(worker, block.out, read, rows.count,
                    Output<float>{to, width, block.out.bias, LINEAR, !apart(block)});
        if (block.order == TORSO_SANDWICH) join(worker, rows.count, block.attn_out_norm, true);
        if (block.order == TORSO_POST_NORM) join(worker, rows.count, block.attn_norm, false);
    }

    Number* cached(int64_t layer, int which, int64_t head, int64_t row) const {
        return static_cast<Number*>(call_.cache) +
               (((layer * 2 + which) * model_.key_heads + head) * call_.cache_rows + row) * model_.head_size;
    }

    void norm_heads(const torso_decoder_block& block, float* heads) const {
        const int64_t size = model_.head_size, queries = model_.heads * size;
        if (block.joint_norms) {
            normalise(block.query_norm, heads, heads, queries);
            normalise(block.key_norm, heads + queries, heads + queries, model_.key_heads * size);
            return;
        }
        for (int64_t head = 0; head < model_.heads + model_.key_heads; ++head)
            normalise(head < model_.heads ? block.query_norm : block.key_norm, heads + head * size, heads + head * size,
                      size);
    }

    // Norms and turns the heads of this worker's rows, and puts their keys and values into the cache.
    void cache_rows(const Worker& worker, const torso_decoder_block& block, int64_t layer) const {
        const int64_t size = model_.head_size;
        const Share rows(total_, worker.rank, worker.workers);
        int64_t text = 0;
        for (int64_t row = rows.begin; row < rows.end; ++row) {
            while (row >= call_.starts[text + 1]) ++text;
            float* heads = qkv_ + row * qkv_step();
            if (!block.latent) {
                norm_heads(block, heads);
                turn_units(block, heads, model_.heads + model_.key_heads, row);
            }
            const int64_t place = call_.regions[text] + call_.past[text] + row - call_.starts[text];
            for (int64_t head = 0; head < model_.key_heads; ++head)
                for (int which = 0; which < 2; ++which)
                    convert(heads + (model_.heads + which * model_.key_heads + head) * size,
                            cached(layer, which, head, place), size);
        }
    }

    // Rows whose queries see the same keys and values: the first of them stands at `place`, each further one `step` on.
    struct Seen {
        int64_t begin, end, place, step;
    };

    // Shares the queries of one head of keys and values; `item` counts what was shared out before.
    template <class Attend>
    void share_queries(const Worker& worker, const Seen& seen, int64_t key_head, int64_t shared, int64_t row_step,
                       const float* sinks, int64_t& item, const Attend& attend) const {
        const int64_t size = model_.head_size, count = (seen.end - seen.begin) * shared;
        for (int64_t top = 0; top < count; top += CACHED_TILE, ++item) {
            if (item % worker.workers != worker.rank) continue;
            CachedQuery queries[CACHED_TILE];
            const int64_t here = std::min<int64_t>(CACHED_TILE, count - top);
            for (int64_t i = 0; i < here; ++i) {
                const int64_t past = (top + i) / shared, row = seen.begin + past,
                              head = key_head * shared + (top + i) % shared, place = seen.place + past * seen.step;
                queries[i] = {qkv_ + row * row_step + head * size,
                              attended_ + (row * model_.heads + head) * size,
                              place,
                              0.f,
                              nullptr,
                              sinks ? sinks[head] : -INFINITY};
                if (!seen.step) continue;
                if (model_.slopes) queries[i].slope = model_.slopes[head];
                if (call_.distances)
                    queries[i].distances = call_.distances + head * (call_.reach + 1) + call_.reach - place;
            }
            attend(here, queries);
        }
    }

    // Shares the queries of a head whose keys and values are given.
    template <bool streamed, class Cached>
    void attend_head(const Worker& worker, const torso_decoder_block& block, const Seen& seen, int64_t head,
                     const Cached* keys, const Cached* values, int64_t& item, float* scratch) const {
        share_queries(worker, seen, head, model_.heads / model_.key_heads, qkv_step(), block.sinks, item,
                      [&](int64_t count, const CachedQuery* queries) {
                          attend_cached<streamed>(count, queries, keys, values, model_.head_size, block.scale,
                                                  block.softcap, block.left, scratch);
                      });
    }

    void attend(const Worker& worker, const torso_decoder_block& block, int64_t layer, const StepRows& rows,
                float* scratch) const {
        int64_t item = 0;
        for (int64_t text = 0; text < call_.texts; ++text) {
            const Seen seen = {rows.starts[text], rows.starts[text + 1], rows.places[text], 1};
            if (seen.begin == seen.end) continue;
            const int64_t numbers = (seen.place + seen.end - seen.begin) * model_.head_size;
            for (int64_t head = 0; head < model_.key_heads; ++head) {
                const Number *keys = cached(layer, 0, head, call_.regions[text]),
                             *values = cached(layer, 1, head, call_.regions[text]);
                if constexpr (sizeof(Number) == 2)
                    if (seen.end - seen.begin >= WIDENED_QUERIES && 2 * numbers <= WIDENED) {
                        float *wide_keys = scratch, *wide_values = scratch + numbers;
                        convert(keys, wide_keys, numbers);
                        convert(values, wide_values, numbers);
                        attend_head<false>(worker, block, seen, head, wide_keys, wide_values, item,
                                           scratch + 2 * numbers);
                        continue;
                    }
                attend_head<true>(worker, block, seen, head, keys, values, item, scratch);
            }
        }
    }

    // Attention to the encoder's rows; of neighbouring sequences that read the same ones, all queries go together.
    void attend_to_memory(const Worker& worker, const torso_decoder_block& block, int64_t layer, const StepRows& rows,
                          float* scratch) const {
        int64_t item = 0;
        for (int64_t text = 0, next; text < call_.texts; text = next) {
            const int64_t first = call_.memory_starts[text];
            for (next = text + 1; next < call_.texts && call_.memory_starts[next] == first;) ++next;
            const Seen seen = {rows.starts[text], rows.starts[next], call_.memory_sizes[text] - 1, 0};
            for (int64_t head = 0; head < model_.heads; ++head) {
                const Number *keys = remembered(layer, 0, head, first), *values = remembered(layer, 1, head, first);
                share_queries(worker, seen, head, 1, block.cross_query.outputs, nullptr, item,
                              [&](int64_t count, const CachedQuery* queries) {
                                  attend_cached<true>(count, queries, keys, values, model_.head_size, block.cross_scale,
                                                      0.f, -1, scratch);
                              });
            }
        }
    }

    const Number* remembered(int64_t layer, int which, int64_t head, int64_t row) const {
        return static_cast<const Number*>(call_.memory) +
               (((layer * 2 + which) * model_.heads + head) * call_.memory_rows + row) * model_.head_size;
    }

    void cross_attention(const Worker& worker, const torso_decoder_block& block, int64_t layer, const StepRows& rows,
                         float* scratch) const {
        const int64_t width = model_.width, to_step = model_.heads * model_.head_size;
        const bool before = precedes(block);
        multiply_by(worker, block.cross_query,
                    normed_form(worker, rows.count, block.cross_norm, before, false, block.cross_query), rows.count,
                    Output<float>{qkv_, to_step, block.cross_query.bias, LINEAR, false});
        attend_to_memory(worker, block, layer, rows, scratch);
        worker.wait();
        multiply_by(worker, block.cross_out, form(worker, attended_, to_step, rows.count, block.cross_out), rows.count,
                    Output<float>{x_, width, block.cross_out.bias, LINEAR, true});
        if (!before) join(worker, rows.count, block.cross_norm, false);
    }

    void feed_forward(const Worker& worker, const torso_decoder_block& block, int64_t count) const {
        const int64_t width = model_.width;
        const bool separate = block.order == TORSO_SANDWICH;
        const torso_matrix& reader = block.mixture ? block.mixture->router : block.up;
        const Operand read =
            normed_form(worker, count, block.ffn_norm, precedes(block), block.order == TORSO_NORMED_RESIDUAL, reader);
        float* to = separate ? branch_ : x_;
        if (block.mixture)
            mix(worker, block, static_cast<const float*>(read.rows), count, to, !separate);
        else
            feed(worker, block, read, count, Output<float>{to, width, block.down.bias, LINEAR, !separate});
        if (separate) join(worker, count, block.ffn_out_norm, true);
        if (block.order == TORSO_POST_NORM) join(worker, count, block.ffn_norm, false);
        if (block.order == TORSO_PARALLEL) join(worker, count, {TORSO_NO_NORM, nullptr, nullptr, 0.f}, true);
    }

    // The last norm of the wanted rows, and what the vocabulary scores them with.
    void finish(const Worker& worker, bool narrow) const {
        const int64_t width = model_.width;
        worker.wait();
        const Share wanted(call_.wanted_rows, worker.rank, worker.workers);
        for (int64_t i = wanted.begin; i < wanted.end; ++i) {
            float* to = normed_ + i * width;
            normalise(model_.norm, x_ + (narrow ? i : call_.wanted[i]) * width, to, width);
            if (call_.hidden) std::memcpy(call_.hidden + i * width, to, bytes_of<float>(width));
            for (int64_t k = 0; k < width; ++k) to[k] *= model_.output_scale;
        }
        if (!call_.scores) return;
        multiply_by(worker, model_.vocabulary, form(worker, normed_, width, call_.wanted_rows, model_.vocabulary),
                    call_.wanted_rows,
                    Output<float>{call_.scores, model_.vocabulary.outputs, model_.vocabulary.bias, LINEAR, false});
        if (model_.softcap > 0.f) cap_scores(worker);
    }

    void cap_scores(const Worker& worker) const {
        const Share all(call_.wanted_rows * model_.vocabulary.outputs, worker.rank, worker.workers);
        for (int64_t i = all.begin; i < all.end; i += WIDTH) {
            const int64_t count = std::min<int64_t>(WIDTH, all.end - i);
            const Floats value = load_some(call_.scores + i, count) / model_.softcap;
            store_some(call_.scores + i, model_.softcap * hyperbolic_tangent<true>(value), count);
        }
    }
};
