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

   protected:
    // The form in which a product reads rows; each worker makes its share, and all wait. `make(row)` makes a row first,
    // which is then still in the cache.
    template <class Make>
    Operand form(const Worker& worker, const float* from, int64_t step, int64_t count, const torso_matrix& matrix,
                 const Make& make) const {
        const int64_t width = matrix.inputs, even = (width + 1) / 2 * 2;
        const Share rows(count, worker.rank, worker.workers);
        const bool grouped = is_grouped(matrix.kind), halved = matrix.kind == TORSO_BFLOAT16;
        uint16_t* half = reinterpret_cast<uint16_t*>(numbers_);
        for (int64_t row = rows.begin; row < rows.end; ++row) {
            make(row);
            if (grouped)
                quantise_groups(matrix.kind, from + row * step, width, row, count, reinterpret_cast<int32_t*>(numbers_),
                                groups_);
            if (halved) {
                convert(from + row * step, half + row * even, width);
                if (even > width) half[row * even + width] = 0;
            }
        }
        worker.wait();
        if (grouped) return {numbers_, 0, nullptr};
        return halved ? Operand{half, even, nullptr} : Operand{from, step, nullptr};
    }
    Operand form(const Worker& worker, const float* from, int64_t step, int64_t count,
                 const torso_matrix& matrix) const {
        return form(worker, from, step, count, matrix, [](int64_t) {});
    }

    void multiply_by(const Worker& worker, const torso_matrix& matrix, const Operand& in, int64_t count,
                     const Output<float>& output) const {
        if (is_grouped(matrix.kind))
            multiply(matrix, GroupedRows{static_cast<const int32_t*>(in.rows), groups_}, count, output, worker.rank,
                     worker.workers);
        else if (matrix.kind == TORSO_BFLOAT16)
            multiply<BFloat16>(matrix, static_cast<const uint16_t*>(in.rows), in.row_step, count, output, worker.rank,
                               worker.workers);
        else
            multiply<Float32, SHORT_PART>(matrix, static_cast<const float*>(in.rows), in.row_step, count, output,
                                          worker.rank, worker.workers);
        worker.wait();
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
