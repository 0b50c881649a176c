// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// As many vectors as each has lanes: turned over, or each joined to one number.

// The lanes of a and b that a transposition exchanges at a distance, by constant indices as Clang wants them.
typedef std::make_integer_sequence<int, WIDTH> Lanes;
template <int distance, int... lane>
inline Ints exchange_low(Ints a, Ints b, std::integer_sequence<int, lane...>) {
    return __builtin_shufflevector(a, b, (lane & distance ? WIDTH + lane - distance : lane)...);
}
template <int distance, int... lane>
inline Ints exchange_high(Ints a, Ints b, std::integer_sequence<int, lane...>) {
    return __builtin_shufflevector(a, b, (lane & distance ? WIDTH + lane : lane + distance)...);
}
template <int distance>
inline void exchange(Ints (&rows)[WIDTH]) {
#pragma GCC unroll 16
    for (int i = 0; i < WIDTH; ++i)
        if (!(i & distance)) {
            const Ints a = rows[i], b = rows[i + distance];
            rows[i] = exchange_low<distance>(a, b, Lanes{});
            rows[i + distance] = exchange_high<distance>(a, b, Lanes{});
        }
}
inline void transpose(Ints (&rows)[WIDTH]) {
    exchange<1>(rows);
    exchange<2>(rows);
#if WIDTH > 4
    exchange<4>(rows);
#endif
#if WIDTH > 8
    exchange<8>(rows);
#endif
}

// The lanes of each of WIDTH vectors joined to one number, those of the i-th vector in lane i: all in the same order.
template <class Join>
inline Floats joined(Floats (&rows)[WIDTH], const Join& join) {
    int count = WIDTH;
    const auto halve = [&](auto distance) {
        count /= 2;
#pragma GCC unroll 8
        for (int i = 0; i < count; ++i) {
            const Ints a = (Ints)rows[2 * i], b = (Ints)rows[2 * i + 1];
            rows[i] = join((Floats)exchange_low<distance.value>(a, b, Lanes{}),
                           (Floats)exchange_high<distance.value>(a, b, Lanes{}));
        }
    };
    halve(std::integral_constant<int, 1>{});
    halve(std::integral_constant<int, 2>{});
#if WIDTH > 4
    halve(std::integral_constant<int, 4>{});
#endif
#if WIDTH > 8
    halve(std::integral_constant<int, 8>{});
#endif
    return rows[0];
}
