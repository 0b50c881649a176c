// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// What a decoder's step is made of: its memory, products, norms and sums, each shared by all workers.

// The rows that a stage works on: `count` in all, of each text those from starts[text] on, the first of which stands at
// places[text]; each next one stands one place on.
struct StepRows {
    int64_t count;
    const int64_t *starts, *places;
};

class DecoderStages {
   public:
    DecoderStages(const torso_decoder& model, const torso_decode_call& call)
        : model_(model), call_(call), total_(call.starts[call.texts]), all_{total_, call.starts, call.past} {}

    // Lays out what a step works on; with a null block it is measured.
    int64_t lay_out(char* block) {
        int64_t used = 0;
        auto place = [&](int64_t size) {
            char* here = block ? block + used : nullptr;
            used += (size + 127) / 64 * 64;
            return here;
        };
        kept_starts_ = reinterpret_cast<int64_t*>(place((call_.texts + 1) * 8));
        kept_places_ = reinterpret_cast<int64_t*>(place(call_.texts * 8));
        const int64_t high = std::max<int64_t>(total_, 1), qkv = qkv_step();
        int64_t up = 0, widest = std::max(model_.width, model_.heads * model_.head_size);
        for (int64_t i = 0; i < model_.depth; ++i) {
            up = std::max<int64_t>(up, model_.blocks[i].up.outputs);
            widest = std::max<int64_t>(widest, model_.blocks[i].down.inputs);
            if (const torso_latent* latent = model_.blocks[i].latent)
                widest = std::max<int64_t>({widest, latent->kv.inputs, model_.blocks[i].qkv.inputs});
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

   protected:
    // Numbers of a row of queries, keys and values.
    int64_t qkv_step() const { return (model_.heads + 2 * model_.key_heads) * model_.head_size; }

    // Turns units of some heads of a row by its position.
    void turn_units(const torso_decoder_block& block, float* units, int64_t heads, int64_t row) const {
        if (block.turns >= 0)
            turn(units, heads, model_.head_size, call_.turned, block.turns_neighbours,
                 call_.cosines[block.turns] + row * call_.turned / 2,
                 call_.sines[block.turns] + row * call_.turned / 2);
    }

    // Puts one of `count` rows down as a product reads it; float32 is read where it is.
    static void put(const torso_matrix& matrix, const float* row, int64_t at, int64_t count, char* numbers,
                    RowGroup* groups) {
        const int64_t width = matrix.inputs, even = (width + 1) / 2 * 2;
        if (is_grouped(matrix.kind))
            quantise_groups(matrix.kind, row, width, at, count, reinterpret_cast<int32_t*>(numbers), groups);
        if (matrix.kind == TORSO_BFLOAT16) {
            uint16_t* half = reinterpret_cast<uint16_t*>(numbers) + at * even;
            convert(row, half, width);
            if (even > width) half[width] = 0;
        }
    }
    // Where rows are that were put down, or lie `step` apart.
    static Operand put_down(const torso_matrix& matrix, const float* from, int64_t step, const char* numbers) {
        if (is_grouped(matrix.kind)) return {numbers, 0, nullptr};
        if (matrix.kind == TORSO_BFLOAT16) return {numbers, (matrix.inputs + 1) / 2 * 2, nullptr};
        return {from, step, nullptr};
    }

    // The form in which a product reads rows; each worker makes its share, and all wait. `make(row)` makes a row first,
    // which is then still in the cache.
    template <class Make>
    Operand form(const Worker& worker, const float* from, int64_t step, int64_t count, const torso_matrix& matrix,
                 const Make& make) const {
        const Share rows(count, worker.rank, worker.workers);
        for (int64_t row = rows.begin; row < rows.end; ++row) {
            make(row);
            put(matrix, from + row * step, row, count, numbers_, groups_);
        }
        worker.wait();
        return put_down(matrix, from, step, numbers_);
    }
    Operand form(const Worker& worker, const float* from, int64_t step, int64_t count,
                 const torso_matrix& matrix) const {
        return form(worker, from, step, count, matrix, [](int64_t) {});
    }

    // This worker's share of a product; nobody waits.
    static void share_product(const Worker& worker, const torso_matrix& matrix, const Operand& in,
                              const RowGroup* groups, int64_t count, const Output<float>& output) {
        if (is_grouped(matrix.kind))
            multiply(matrix, GroupedRows{static_cast<const int32_t*>(in.rows), groups}, count, output, worker.rank,
                     worker.workers);
        else if (matrix.kind == TORSO_BFLOAT16)
            multiply<BFloat16>(matrix, static_cast<const uint16_t*>(in.rows), in.row_step, count, output, worker.rank,
                               worker.workers);
        else
            multiply<Float32, SHORT_PART>(matrix, static_cast<const float*>(in.rows), in.row_step, count, output,
                                          worker.rank, worker.workers);
    }

    void multiply_by(const Worker& worker, const torso_matrix& matrix, const Operand& in, int64_t count,
                     const Output<float>& output) const {
        share_product(worker, matrix, in, groups_, count, output);
        worker.wait();
    }

    // down(activate(up(x))), gated or not, of rows in the form that `up` reads.
    void feed(const Worker& worker, const torso_decoder_block& block, const Operand& read, int64_t count,
              const Output<float>& to) const {
        const int64_t up = block.up.outputs, inner = block.down.inputs;
        multiply_by(worker, block.up, read, count,
                    Output<float>{inner_, up, block.up.bias, block.gated ? LINEAR : block.activation, false});
        const Operand gated = form(worker, inner_, up, count, block.down, [&](int64_t row) {
            if (block.gated) gate<true>(inner_ + row * up, inner, block.activation);
        });
        multiply_by(worker, block.down, gated, count, to);
    }

    // The form of norm(x), or of x as it is; a residual that is normed too becomes it.
    Operand normed_form(const Worker& worker, int64_t count, const torso_norm& norm, bool normed, bool residual,
                        const torso_matrix& matrix) const {
        const int64_t width = model_.width;
        if (!normed) return form(worker, x_, width, count, matrix);
        return form(worker, normed_, width, count, matrix, [&](int64_t row) {
            float *x = x_ + row * width, *to = normed_ + row * width;
            normalise(norm, x, to, width);
            if (residual) std::memcpy(x, to, bytes_of<float>(width));
        });
    }

    // x = norm(x), or x += norm(branch), or x += branch, of this worker's share.
    void join(const Worker& worker, int64_t count, const torso_norm& norm, bool branch) const {
        const Share rows(count, worker.rank, worker.workers);
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

    // Whether the wanted rows rise, those of each text without a gap, and are not all: then nothing else is computed
    // behind the last block's keys and values.
    bool narrows() const {
        const int64_t* wanted = call_.wanted;
        for (int64_t i = 0, text = 0; i < call_.wanted_rows; ++i) {
            if (i && wanted[i] <= wanted[i - 1]) return false;
            const bool same = wanted[i] < call_.starts[text + 1];
            while (wanted[i] >= call_.starts[text + 1]) ++text;
            if (i && same && wanted[i] != wanted[i - 1] + 1) return false;
        }
        return call_.wanted_rows < total_;
    }

    // Moves the wanted rows of x, and their queries, to the front. One worker does so, the others wait.
    StepRows narrowed_rows(const Worker& worker, int64_t step) const {
        if (worker.rank == 0) {
            const int64_t width = model_.width, queries = model_.heads * model_.head_size;
            int64_t i = 0;
            for (int64_t text = 0; text < call_.texts; ++text) {
                kept_starts_[text] = i;
                while (i < call_.wanted_rows && call_.wanted[i] < call_.starts[text + 1]) {
                    const int64_t row = call_.wanted[i];
                    if (i == kept_starts_[text]) kept_places_[text] = call_.past[text] + row - call_.starts[text];
                    std::memmove(x_ + i * width, x_ + row * width, bytes_of<float>(width));
                    std::memmove(qkv_ + i * step, qkv_ + row * step, bytes_of<float>(queries));
                    ++i;
                }
            }
            kept_starts_[call_.texts] = i;
        }
        worker.wait();
        return {call_.wanted_rows, kept_starts_, kept_places_};
    }

    const torso_decoder& model_;
    const torso_decode_call& call_;
    const int64_t total_;
    const StepRows all_;
    int64_t *kept_starts_ = nullptr, *kept_places_ = nullptr;
    float *x_ = nullptr, *branch_ = nullptr, *normed_ = nullptr, *qkv_ = nullptr, *attended_ = nullptr,
          *inner_ = nullptr;
    char* numbers_ = nullptr;
    RowGroup* groups_ = nullptr;
};
