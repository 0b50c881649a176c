// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// A step's mixtures of experts: each row goes through a few of many feed-forwards.
//
// Rows are put in the order of their experts, so that each expert is one product of all its rows: of one row the
// weights of its experts are read and no others, of many rows those of each expert once. What a row's experts make is
// added up in the order in which it chose them, so that a row's result is the same to the last bit in any company.

// The shares of experts by their scores, in place.
inline void to_shares(const torso_mixture& mixture, float* scores) {
    const int64_t all = whole_vectors(mixture.experts);
    for (int64_t i = mixture.experts; i < all; ++i) scores[i] = -INFINITY;
    if (mixture.scoring == TORSO_SIGMOID) {
        for (int64_t i = 0; i < all; i += WIDTH) store(scores + i, sigmoid<true>(load(scores + i)));
        return;
    }
    Floats most = splat(-INFINITY), sums{};
    for (int64_t i = 0; i < all; i += WIDTH) most = larger(most, load(scores + i));
    const float top = largest_of(most);
    for (int64_t i = 0; i < all; i += WIDTH) {
        const Floats share = exponential<true>(load(scores + i) - top);
        sums += share;
        store(scores + i, share);
    }
    const float sum = sum_of(sums);
    for (int64_t i = 0; i < all; i += WIDTH) store(scores + i, load(scores + i) / sum);
}

// Takes the chances of experts that are in none of the kept groups. `totals` has room for one number of each group.
inline void close_groups(const torso_mixture& mixture, float* chances, float* totals) {
    const int64_t size = mixture.experts / mixture.groups;
    for (int64_t group = 0; group < mixture.groups; ++group) {
        float first = -INFINITY, second = -INFINITY;
        for (int64_t i = 0; i < size; ++i) {
            const float chance = chances[group * size + i];
            if (chance > first)
                second = first, first = chance;
            else if (chance > second)
                second = chance;
        }
        totals[group] = mixture.best > 1 && size > 1 ? first + second : first;
    }
    for (int64_t group = 0; group < mixture.groups; ++group) {
        int64_t before = 0;
        for (int64_t other = 0; other < mixture.groups; ++other)
            before += totals[other] > totals[group] || (totals[other] == totals[group] && other < group);
        if (before >= mixture.kept)
            for (int64_t i = 0; i < size; ++i) chances[group * size + i] = -INFINITY;
    }
}

// The experts of one row, best first, and their weights. `scores` are of the router, with twice as much room behind.
// Compiled once: which of two products is fused with a sum is the compiler's choice, and differs where it is inlined.
__attribute__((noinline)) void choose_experts(const torso_mixture& mixture, float* scores, int64_t* chosen,
                                              float* weights) {
    const int64_t all = whole_vectors(mixture.experts);
    float* chances = scores + all;
    to_shares(mixture, scores);
    for (int64_t i = 0; i < mixture.experts; ++i)
        chances[i] = mixture.correction ? scores[i] + mixture.correction[i] : scores[i];
    if (mixture.kept < mixture.groups) close_groups(mixture, chances, chances + all);
    float sum = 0.f;
    for (int64_t k = 0; k < mixture.top; ++k) {
        int64_t best = 0;
        for (int64_t i = 1; i < mixture.experts; ++i)
            if (chances[i] > chances[best]) best = i;
        chosen[k] = best;
        weights[k] = scores[best];
        sum += scores[best];
        chances[best] = -INFINITY;
    }
    sum = sum < mixture.least ? mixture.least : sum;
    for (int64_t k = 0; k < mixture.top; ++k)
        weights[k] = (mixture.normalised ? weights[k] / sum : weights[k]) * mixture.scale;
}

// (clamp(up) + 1) * gate * sigmoid(slope * gate), of a row [gate | up], in place of the gate; a NaN stays one.
inline void gate_within(float* row, int64_t inner, float limit, float slope) {
    for (int64_t i = 0; i < inner; i += WIDTH) {
        const int64_t count = std::min<int64_t>(WIDTH, inner - i);
        const Floats gate = smaller(load_some(row + i, count), splat(limit));
        const Floats up = larger(smaller(load_some(row + inner + i, count), splat(limit)), splat(-limit));
        store_some(row + i, (up + 1.f) * gate * sigmoid<true>(slope * gate), count);
    }
}

class MixtureStages : public DecoderStages {
   public:
    using DecoderStages::DecoderStages;

    // As that of its base.
    int64_t lay_out(char* block) {
        int64_t used = DecoderStages::lay_out(block), experts = 0, top = 0, up = 0, widest = model_.width;
        auto place = [&](int64_t size) {
            char* here = block ? block + used : nullptr;
            used += (size + 127) / 64 * 64;
            return here;
        };
        for (int64_t i = 0; i < model_.depth; ++i)
            if (const torso_mixture* each = model_.blocks[i].mixture) {
                experts = std::max<int64_t>(experts, each->experts), top = std::max<int64_t>(top, each->top);
                up = std::max<int64_t>(up, each->up->outputs), widest = std::max<int64_t>(widest, each->down->inputs);
            }
        if (!experts) return used;
        const int64_t high = std::max<int64_t>(total_, 1), width = model_.width, groups = whole_groups(widest),
                      of_numbers = groups * std::max<int64_t>(ROW_DWORDS * 4, GROUP * 2),
                      of_groups = groups * int64_t(sizeof(RowGroup)),
                      each = top * ((up + 2 * width) * 4 + of_numbers + of_groups);
        part_ = std::min(high, std::max<int64_t>(ROUTED_BYTES / each, 1));
        const int64_t slots = part_ * top;
        scores_ = reinterpret_cast<float*>(place(high * 3 * whole_vectors(experts) * 4));
        chosen_ = reinterpret_cast<int64_t*>(place(high * top * 8));
        weights_ = reinterpret_cast<float*>(place(high * top * 4));
        shared_ = reinterpret_cast<float*>(place(high * width * 4));
        shared_gates_ = reinterpret_cast<float*>(place(high * 4));
        begins_ = reinterpret_cast<int64_t*>(place((experts + 1) * 8));
        slots_ = reinterpret_cast<int64_t*>(place(slots * 8));
        routed_ = reinterpret_cast<float*>(place(slots * width * 4));
        routed_inner_ = reinterpret_cast<float*>(place(slots * up * 4));
        made_ = reinterpret_cast<float*>(place(slots * width * 4));
        routed_numbers_ = place(slots * of_numbers);
        routed_groups_ = reinterpret_cast<RowGroup*>(place(slots * of_groups));
        return used;
    }

   protected:
    // The mixture of a block, and what all rows share: added to `to`, or put there. All workers wait at the end.
    void mix(const Worker& worker, const torso_decoder_block& block, const float* rows, int64_t count, float* to,
             bool add) const {
        const torso_mixture& mixture = *block.mixture;
        const int64_t width = model_.width, room = 3 * whole_vectors(mixture.experts);
        const Operand read{rows, width, nullptr};
        multiply_by(worker, mixture.router, read, count,
                    Output<float>{scores_, room, mixture.router.bias, LINEAR, false});
        if (block.up.packed) {
            if (mixture.shared_gate.packed)
                multiply_by(worker, mixture.shared_gate, read, count,
                            Output<float>{shared_gates_, 1, mixture.shared_gate.bias, LINEAR, false});
            feed(worker, block, form(worker, rows, width, count, block.up), count,
                 Output<float>{shared_, width, block.down.bias, LINEAR, false});
        }
        const Share own(count, worker.rank, worker.workers);
        for (int64_t row = own.begin; row < own.end; ++row)
            choose_experts(mixture, scores_ + row * room, chosen_ + row * mixture.top, weights_ + row * mixture.top);
        worker.wait();
        for (int64_t first = 0; first < count; first += part_) {
            const int64_t some = std::min(part_, count - first);
            if (worker.rank == 0) sort(mixture, first, some);
            worker.wait();
            gather(worker, mixture, rows, first, some);
            run_experts(worker, mixture);
            add_up(worker, block, first, some, to, add);
        }
    }

   private:
    // So much memory for the rows of experts: the rows of a step beyond it read the experts' weights again.
    static constexpr int64_t ROUTED_BYTES = 1 << 27;

    // Gives each expert of each row a slot, the slots of one expert side by side.
    void sort(const torso_mixture& mixture, int64_t first, int64_t count) const {
        const int64_t *chosen = chosen_ + first * mixture.top, all = count * mixture.top;
        std::memset(begins_, 0, bytes_of<int64_t>(mixture.experts + 1));
        for (int64_t i = 0; i < all; ++i) ++begins_[chosen[i] + 1];
        for (int64_t expert = 0; expert < mixture.experts; ++expert) begins_[expert + 1] += begins_[expert];
        for (int64_t i = 0; i < all; ++i) slots_[i] = begins_[chosen[i]]++;
        for (int64_t expert = mixture.experts; expert > 0; --expert) begins_[expert] = begins_[expert - 1];
        begins_[0] = 0;
    }

    int64_t rows_of(int64_t expert) const { return begins_[expert + 1] - begins_[expert]; }

    // Where the rows of an expert's product are put down.
    char* numbers_of(const torso_matrix& matrix, int64_t expert) const {
        const int64_t groups = whole_groups(matrix.inputs) * std::max<int64_t>(ROW_DWORDS * 4, GROUP * 2);
        return routed_numbers_ + begins_[expert] * groups;
    }
    RowGroup* groups_of(const torso_matrix& matrix, int64_t expert) const {
        return routed_groups_ + begins_[expert] * whole_groups(matrix.inputs);
    }

    // Puts this worker's rows into their slots, as the first products of experts read them.
    void gather(const Worker& worker, const torso_mixture& mixture, const float* rows, int64_t first,
                int64_t count) const {
        const Share own(count, worker.rank, worker.workers);
        const int64_t width = model_.width;
        for (int64_t row = own.begin; row < own.end; ++row)
            for (int64_t k = 0; k < mixture.top; ++k) {
                const int64_t slot = slots_[row * mixture.top + k], expert = chosen_[(first + row) * mixture.top + k];
                const torso_matrix& up = mixture.up[expert];
                if (up.kind == TORSO_FLOAT32)
                    std::memcpy(routed_ + slot * width, rows + (first + row) * width, bytes_of<float>(width));
                put(up, rows + (first + row) * width, slot - begins_[expert], rows_of(expert), numbers_of(up, expert),
                    groups_of(up, expert));
            }
        worker.wait();
    }

    void run_experts(const Worker& worker, const torso_mixture& mixture) const {
        const int64_t width = model_.width, up = mixture.up->outputs, inner = mixture.down->inputs;
        const int32_t activation = mixture.gated ? int32_t(LINEAR) : mixture.activation;
        multiply_all(worker, mixture.experts, mixture.up, routed_, width, routed_inner_, up, activation);
        const Share own(begins_[mixture.experts], worker.rank, worker.workers);
        for (int64_t expert = 0; expert < mixture.experts; ++expert)
            for (int64_t slot = std::max(own.begin, begins_[expert]); slot < std::min(own.end, begins_[expert + 1]);
                 ++slot) {
                const torso_matrix& down = mixture.down[expert];
                float* row = routed_inner_ + slot * up;
                if (mixture.limit > 0.f)
                    gate_within(row, inner, mixture.limit, mixture.slope);
                else if (mixture.gated)
                    gate<true>(row, inner, mixture.activation);
                put(down, row, slot - begins_[expert], rows_of(expert), numbers_of(down, expert),
                    groups_of(down, expert));
            }
        worker.wait();
        multiply_all(worker, mixture.experts, mixture.down, routed_inner_, up, made_, width, LINEAR);
    }

    // One product of each expert that has rows: all workers share its columns, and wait behind the last.
    void multiply_all(const Worker& worker, int64_t experts, const torso_matrix* matrices, const float* from,
                      int64_t step, float* to, int64_t to_step, int32_t activation) const {
        for (int64_t expert = 0; expert < experts; ++expert)
            if (const int64_t count = rows_of(expert)) {
                const torso_matrix& matrix = matrices[expert];
                share_product(worker, matrix,
                              put_down(matrix, from + begins_[expert] * step, step, numbers_of(matrix, expert)),
                              groups_of(matrix, expert), count,
                              Output<float>{to + begins_[expert] * to_step, to_step, matrix.bias, activation, false});
            }
        worker.wait();
    }

    // Adds up what the experts of this worker's rows made of them, and what all rows share.
    void add_up(const Worker& worker, const torso_decoder_block& block, int64_t first, int64_t count, float* to,
                bool add) const {
        const torso_mixture& mixture = *block.mixture;
        const Share own(count, worker.rank, worker.workers);
        const int64_t width = model_.width;
        for (int64_t row = own.begin; row < own.end; ++row) {
            const int64_t place = first + row, *slots = slots_ + row * mixture.top;
            const float* weights = weights_ + place * mixture.top;
            const float shared = !mixture.shared_gate.packed ? 1.f : sigmoid<true>(splat(shared_gates_[place]))[0];
            for (int64_t i = 0; i < width; i += WIDTH) {
                const int64_t here = std::min<int64_t>(WIDTH, width - i);
                Floats sum{};
                for (int64_t k = 0; k < mixture.top; ++k)
                    sum += weights[k] * load_some(made_ + slots[k] * width + i, here);
                if (block.up.packed) sum += shared * load_some(shared_ + place * width + i, here);
                float* into = to + place * width + i;
                store_some(into, add ? load_some(into, here) + sum : sum, here);
            }
        }
        worker.wait();
    }

    int64_t part_ = 1;
    int64_t *chosen_ = nullptr, *begins_ = nullptr, *slots_ = nullptr;
    float *scores_ = nullptr, *weights_ = nullptr, *shared_ = nullptr, *shared_gates_ = nullptr, *routed_ = nullptr,
          *routed_inner_ = nullptr, *made_ = nullptr;
    char* routed_numbers_ = nullptr;
    RowGroup* routed_groups_ = nullptr;
};
