// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// A decoder's step: the new rows of some sequences through all blocks, beside the keys and values of their earlier
// ones.
//
// All threads share each product by its columns and wait for one another between stages: with one row a step is the
// time that the weights take from memory. Rows are float32 between the products; each product has its own form of them.

class Decoder {
   public:
    Decoder(const torso_decoder& model, const torso_decode_call& call)
        : model_(model), call_(call), total_(call.starts[call.texts]) {}

    // Lays out what a step works on; with a null block it is measured.
    int64_t lay_out(char* block) {
        int64_t used = 0;
        auto place = [&](int64_t size) {
            char* here = block ? block + used : nullptr;
            used += (size + 127) / 64 * 64;
            return here;
        };
        const int64_t high = std::max<int64_t>(total_, 1),
                      qkv = (model_.heads + 2 * model_.key_heads) * model_.head_size;
        int64_t up = 0, widest = std::max(model_.width, model_.heads * model_.head_size);
        for (int64_t i = 0; i < model_.depth; ++i) {
            up = std::max<int64_t>(up, model_.blocks[i].up.outputs);
            widest = std::max<int64_t>(widest, model_.blocks[i].down.inputs);
        }
        x_ = reinterpret_cast<float*>(place(high * model_.width * 4));
        branch_ = reinterpret_cast<float*>(place(high * model_.width * 4));
        normed_ = reinterpret_cast<float*>(place(high * model_.width * 4));
        qkv_ = reinterpret_cast<float*>(place(high * qkv * 4));
        attended_ = reinterpret_cast<float*>(place(high * model_.heads * model_.head_size * 4));
        inner_ = reinterpret_cast<float*>(place(high * up * 4));
        numbers_ = place(high * whole_groups(widest) * std::max<int64_t>(ROW_DWORDS * 4, GROUP * 2));
        groups_ = reinterpret_cast<RowGroup*>(place(high * whole_groups(widest) * int64_t(sizeof(RowGroup))));
        return used;
    }

    // Floats of a thread's own.
    int64_t scratch() const {
        int64_t longest = 0;
        for (int64_t text = 0; text < call_.texts; ++text)
            longest = std::max<int64_t>(longest, call_.past[text] + call_.starts[text + 1] - call_.starts[text]);
        return cached_scratch(longest, model_.head_size);
    }

    void run(const Worker& worker, float* scratch) const {
        const Share rows(total_, worker.rank, worker.workers);
        std::memcpy(x_ + rows.begin * model_.width, call_.rows + rows.begin * model_.width,
                    bytes_of<float>((rows.end - rows.begin) * model_.width));
        for (int64_t layer = 0; layer < model_.depth; ++layer) {
            const torso_decoder_block& block = model_.blocks[layer];
            keep(worker, layer);
            attention(worker, block, layer, scratch);
            feed_forward(worker, block);
        }
        finish(worker);
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

    // The form in which a product reads rows; each worker makes its share, and all wait.
    Operand form(const Worker& worker, const float* from, int64_t step, int64_t count,
                 const torso_matrix& matrix) const {
        const int64_t width = matrix.inputs, groups = whole_groups(width);
        const Share rows(count, worker.rank, worker.workers);
        Operand made = {from, step, nullptr};
        if (is_grouped(matrix.kind)) {
            int32_t* numbers = reinterpret_cast<int32_t*>(numbers_);
            for (int64_t row = rows.begin; row < rows.end; ++row)
                quantise_groups(from + row * step, width, numbers + row * groups * ROW_DWORDS, groups_ + row * groups);
            made = {numbers, 0, nullptr};
        }
#ifdef HAS_BFLOAT16
        if (matrix.kind == TORSO_BFLOAT16) {
            const int64_t even = (width + 1) / 2 * 2;
            uint16_t* half = reinterpret_cast<uint16_t*>(numbers_);
            for (int64_t row = rows.begin; row < rows.end; ++row) {
                convert(from + row * step, half + row * even, width);
                if (even > width) half[row * even + width] = 0;
            }
            made = {half, even, nullptr};
        }
#endif
        worker.wait();
        return made;
    }

    void multiply_by(const Worker& worker, const torso_matrix& matrix, const Operand& in, int64_t count,
                     const Output<float>& output) const {
        if (is_grouped(matrix.kind))
            multiply(matrix, GroupedRows{static_cast<const int32_t*>(in.rows), groups_}, count, output, worker.rank,
                     worker.workers);
#ifdef HAS_BFLOAT16
        else if (matrix.kind == TORSO_BFLOAT16)
            multiply<BFloat16>(matrix, static_cast<const uint16_t*>(in.rows), in.row_step, count, output, worker.rank,
                               worker.workers);
#endif
        else
            multiply<Float32, SHORT_PART>(matrix, static_cast<const float*>(in.rows), in.row_step, count, output,
                                          worker.rank, worker.workers);
        worker.wait();
    }

    // norm(rows) into normed_, of this worker's share; a residual that is normed too becomes it.
    void norm_rows(const Worker& worker, const torso_norm& norm, bool residual) const {
        const Share rows(total_, worker.rank, worker.workers);
        for (int64_t row = rows.begin; row < rows.end; ++row) {
            float *x = x_ + row * model_.width, *to = normed_ + row * model_.width;
            normalise(norm, x, to, model_.width);
            if (residual) std::memcpy(x, to, bytes_of<float>(model_.width));
        }
    }

    // x = norm(x), or x += norm(branch), or x += branch, of this worker's share.
    void join(const Worker& worker, const torso_norm& norm, bool branch) const {
        const Share rows(total_, worker.rank, worker.workers);
        for (int64_t row = rows.begin; row < rows.end; ++row) {
            float *x = x_ + row * model_.width, *other = branch_ + row * model_.width;
            if (!branch) {
                normalise(norm, x, x, model_.width);
                continue;
            }
            normalise(norm, other, other, model_.width);
            for (int64_t i = 0; i < model_.width; ++i) x[i] += other[i];
        }
    }

    void attention(const Worker& worker, const torso_decoder_block& block, int64_t layer, float* scratch) const {
        const int64_t width = model_.width, size = model_.head_size, to_step = model_.heads * size;
        const bool before = precedes(block);
        if (before) norm_rows(worker, block.attn_norm, block.order == TORSO_NORMED_RESIDUAL);
        const float* read = before ? normed_ : x_;
        multiply_by(worker, block.qkv, form(worker, read, width, total_, block.qkv), total_,
                    Output<float>{qkv_, block.qkv.outputs, block.qkv.bias, LINEAR, false});
        cache_rows(worker, block, layer);
        worker.wait();
        attend(worker, block, layer, scratch);
        worker.wait();
        float* to = apart(block) ? branch_ : x_;
        multiply_by(worker, block.out, form(worker, attended_, to_step, total_, block.out), total_,
                    Output<float>{to, width, block.out.bias, LINEAR, !apart(block)});
        if (block.order == TORSO_SANDWICH) join(worker, block.attn_out_norm, true);
        if (block.order == TORSO_POST_NORM) join(worker, block.attn_norm, false);
    }

    float* cached(int64_t layer, int which, int64_t head, int64_t row) const {
        return call_.cache +
               (((layer * 2 + which) * model_.key_heads + head) * call_.cache_rows + row) * model_.head_size;
    }

    // Norms and turns the heads of this worker's rows, and puts their keys and values into the cache.
    void cache_rows(const Worker& worker, const torso_decoder_block& block, int64_t layer) const {
        const int64_t size = model_.head_size, step = block.qkv.outputs;
        const Share rows(total_, worker.rank, worker.workers);
        int64_t text = 0;
        for (int64_t row = rows.begin; row < rows.end; ++row) {
            while (row >= call_.starts[text + 1]) ++text;
            float* heads = qkv_ + row * step;
            for (int64_t head = 0; head < model_.heads + model_.key_heads; ++head)
                normalise(head < model_.heads ? block.query_norm : block.key_norm, heads + head * size,
                          heads + head * size, size);
            if (block.turns >= 0)
                turn(heads, model_.heads + model_.key_heads, size, call_.turned, block.turns_neighbours,
                     call_.cosines[block.turns] + row * call_.turned / 2,
                     call_.sines[block.turns] + row * call_.turned / 2);
            const int64_t place = call_.regions[text] + call_.past[text] + row - call_.starts[text];
            for (int64_t head = 0; head < model_.key_heads; ++head)
                for (int which = 0; which < 2; ++which)
                    std::memcpy(cached(layer, which, head, place),
                                heads + (model_.heads + which * model_.key_heads + head) * size, bytes_of<float>(size));
        }
    }

    void attend(const Worker& worker, const torso_decoder_block& block, int64_t layer, float* scratch) const {
        const int64_t size = model_.head_size, shared = model_.heads / model_.key_heads, step = block.qkv.outputs;
        int64_t item = 0;
        for (int64_t text = 0; text < call_.texts; ++text) {
            const int64_t count = (call_.starts[text + 1] - call_.starts[text]) * shared;
            for (int64_t head = 0; head < model_.key_heads; ++head) {
                const float *keys = cached(layer, 0, head, call_.regions[text]),
                            *values = cached(layer, 1, head, call_.regions[text]);
                for (int64_t top = 0; top < count; top += CACHED_TILE, ++item) {
                    if (item % worker.workers != worker.rank) continue;
                    CachedQuery queries[CACHED_TILE];
                    const int64_t here = std::min<int64_t>(CACHED_TILE, count - top);
                    for (int64_t i = 0; i < here; ++i) {
                        const int64_t row = call_.starts[text] + (top + i) / shared,
                                      own = head * shared + (top + i) % shared;
                        queries[i] = {qkv_ + row * step + own * size, attended_ + (row * model_.heads + own) * size,
                                      call_.past[text] + (top + i) / shared, model_.slopes ? model_.slopes[own] : 0.f};
                    }
                    attend_cached(here, queries, keys, values, size, block.scale, block.softcap, block.left, scratch);
                }
            }
        }
    }

    void feed_forward(const Worker& worker, const torso_decoder_block& block) const {
        const int64_t width = model_.width, up = block.up.outputs, inner = block.down.inputs;
        const bool before = precedes(block);
        if (before) norm_rows(worker, block.ffn_norm, block.order == TORSO_NORMED_RESIDUAL);
        multiply_by(worker, block.up, form(worker, before ? normed_ : x_, width, total_, block.up), total_,
                    Output<float>{inner_, up, block.up.bias, block.gated ? LINEAR : block.activation, false});
        if (block.gated) {
            const Share rows(total_, worker.rank, worker.workers);
            for (int64_t row = rows.begin; row < rows.end; ++row)
                gate<true>(inner_ + row * up, inner, block.activation);
        }
        const bool separate = block.order == TORSO_SANDWICH;
        multiply_by(worker, block.down, form(worker, inner_, up, total_, block.down), total_,
                    Output<float>{separate ? branch_ : x_, width, block.down.bias, LINEAR, !separate});
        if (separate) join(worker, block.ffn_out_norm, true);
        if (block.order == TORSO_POST_NORM) join(worker, block.ffn_norm, false);
        if (block.order == TORSO_PARALLEL) join(worker, {TORSO_NO_NORM, nullptr, nullptr, 0.f}, true);
    }

    // The last norm of the wanted rows, and what the vocabulary scores them with.
    void finish(const Worker& worker) const {
        const int64_t width = model_.width;
        worker.wait();
        const Share wanted(call_.wanted_rows, worker.rank, worker.workers);
        for (int64_t i = wanted.begin; i < wanted.end; ++i) {
            float* to = normed_ + i * width;
            normalise(model_.norm, x_ + call_.wanted[i] * width, to, width);
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

    const torso_decoder& model_;
    const torso_decode_call& call_;
    const int64_t total_;
    float *x_ = nullptr, *branch_ = nullptr, *normed_ = nullptr, *qkv_ = nullptr, *attended_ = nullptr,
          *inner_ = nullptr;
    char* numbers_ = nullptr;
    RowGroup* groups_ = nullptr;
};
