// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// How weights become numbers of eight or four bits in groups.

// The numbers 0 to 15 of a group, with the scale and minimum of the least square error found: of the whole range as it
// is, then of ranges within it, each fitted to the numbers that it gave.
class FourBitGroup {
   public:
    uint8_t numbers[GROUP];
    uint16_t scale, minimum;

    FourBitGroup(const float* group, int64_t count) : count_(count) {
        float padded[GROUP], here[GROUP];
        for (int64_t k = 0; k < GROUP; ++k) padded[k] = group[k < count ? k : 0], here[k] = k < count ? 1.f : 0.f;
        Floats least = splat(INFINITY), most = splat(-INFINITY), trace{};
        for (int v = 0; v < VECTORS; ++v) {
            weights_[v] = load(padded + v * WIDTH), here_[v] = load(here + v * WIDTH);
            least = smaller(least, weights_[v]), most = larger(most, weights_[v]);
            trace += weights_[v] * 0.f;  // a NaN or an infinity anywhere leaves a NaN
        }
        const float low = smallest_of(least), range = largest_of(most) - low;
        take(half_of(range / 15.f + sum_of(trace)), half_of(low + sum_of(trace)));
        for (int cut = 0; cut < 4; ++cut)
            fit(low + range * 0.025f * static_cast<float>(cut), range * (1.f - 0.05f * static_cast<float>(cut)) / 15.f);
    }

   private:
    static constexpr int VECTORS = GROUP / WIDTH;

    // The numbers of weights that are from + step * number, as far as 0 to 15 reach.
    void number(float from, float step, Floats (&found)[VECTORS]) const {
        const float inverse = step > 0.f ? 1.f / step : 0.f;
        for (int v = 0; v < VECTORS; ++v) {
            const Floats place = smaller(larger((weights_[v] - from) * inverse, Floats{}), splat(15.f));
            found[v] = place + 8388608.f - 8388608.f;  // to the nearest whole number
        }
    }

    // The line through (number, weight) with the least squares.
    void fit(float from, float step) {
        Floats found[VECTORS], q1{}, q2{}, w1{}, wq{};
        number(from, step, found);
        for (int v = 0; v < VECTORS; ++v) {
            const Floats q = found[v] * here_[v];
            q1 += q, q2 += q * q, w1 += weights_[v] * here_[v], wq += weights_[v] * q;
        }
        const float n = static_cast<float>(count_), qs = sum_of(q1), ws = sum_of(w1),
                    determinant = n * sum_of(q2) - qs * qs;
        if (determinant > 0.f) step = (n * sum_of(wq) - qs * ws) / determinant;
        take(half_of(step), half_of((ws - step * qs) / n));
    }

    // Keeps a scale and a minimum that give the weights back better than those before.
    void take(uint16_t half_step, uint16_t half_from) {
        Floats found[VECTORS], errors{};
        const float from = float_of(half_from), step = float_of(half_step);
        number(from, step, found);
        for (int v = 0; v < VECTORS; ++v) {
            const Floats apart = (from + step * found[v] - weights_[v]) * here_[v];
            errors += apart * apart;
        }
        const float error = sum_of(errors);
        if (!first_ && !(error < best_)) return;
        first_ = false, best_ = error, scale = half_step, minimum = half_from;
        for (int k = 0; k < GROUP; ++k) numbers[k] = uint8_t(found[k / WIDTH][k % WIDTH]);
    }

    int64_t count_;
    Floats weights_[VECTORS], here_[VECTORS];
    float best_ = 0.f;
    bool first_ = true;
};

// Lays the rows of one panel out, group by group.
template <int bits>
void pack_groups(const float* matrix, int64_t outputs, int64_t inputs, int64_t panel, int32_t* packed) {
    const int64_t first = panel * PANEL, count = outputs - first < PANEL ? outputs - first : PANEL,
                  groups = whole_groups(inputs);
    for (int64_t g = 0; g < groups; ++g) {
        int32_t* block = packed + (panel * groups + g) * block_dwords<bits>();
        uint8_t* bytes = reinterpret_cast<uint8_t*>(block);
        uint16_t* scales = reinterpret_cast<uint16_t*>(block + (bits == 8 ? GROUP_DWORDS : GROUP_DWORDS / 2) * PANEL);
        std::memset(block, 0, static_cast<size_t>(block_dwords<bits>()) * 4);
        const int64_t high = inputs - g * GROUP < GROUP ? inputs - g * GROUP : GROUP;
        for (int64_t i = 0; i < count; ++i) {
            const float* group = matrix + (first + i) * inputs + g * GROUP;
            if constexpr (bits == 8) {
                float most = 0.f, trace = 0.f;
                for (int64_t k = 0; k < high; ++k) {
                    most = std::max(most, std::fabs(group[k]));
                    trace += group[k] * 0.f;
                }
                scales[i] = half_of(most / 127.f + trace);
                const float scale = float_of(scales[i]), inverse = scale > 0.f ? 1.f / scale : 0.f;
                for (int64_t k = 0; k < GROUP; ++k) {
                    const float value = k < high ? group[k] * inverse : 0.f;
                    const long whole = value == value ? std::lrint(std::min(std::max(value, -127.f), 127.f)) : 0;
                    bytes[(k / 4 * PANEL + i) * 4 + k % 4] = uint8_t(whole + 128);
                }
            } else {
                const FourBitGroup found(group, high);
                scales[i] = found.scale;
                scales[PANEL + i] = found.minimum;
                for (int64_t k = 0; k < GROUP; ++k)
                    bytes[(k / 8 * PANEL + i) * 4 + k % 4] |= uint8_t(found.numbers[k] << (k % 8 / 4 * 4));
            }
        }
    }
}
