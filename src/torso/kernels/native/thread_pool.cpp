#include "thread_pool.hpp"

#if !defined(_WIN32)
#include <pthread.h>
#endif

#include <condition_variable>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

namespace torso {

namespace {

inline void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");  // longer than yield, which most processors take for nothing
#else
    std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

struct ThreadPool {
    std::mutex used;  // held by the call that has the threads

    std::mutex lock;
    std::condition_variable called;
    uint64_t call = 0;
    int wanted = 0;  // of the threads, those with a rank below this take part
    Work work = nullptr;
    void* what = nullptr;
    Barrier* barrier = nullptr;
    std::atomic<int> running{0};
    int started = 1;  // the caller counts as the first

    void serve(int rank) {
        uint64_t seen = 0;
        for (;;) {
            Worker worker;
            Work own;
            void* about;
            {
                std::unique_lock<std::mutex> hold(lock);
                called.wait(hold, [&] { return call != seen && rank < wanted; });
                seen = call;
                own = work;
                about = what;
                worker = {rank, wanted, barrier};
            }
            own(about, worker);
            running.fetch_sub(1, std::memory_order_release);
        }
    }
};

typedef void (*Parallel)(void (*)(void*), void*, unsigned, unsigned);
typedef int (*Number)(void);
std::atomic<Parallel> host{nullptr};
std::atomic<Number> host_team_size{nullptr}, host_rank{nullptr};

// Never destroyed: at the end of the process its threads may still be asleep in it. Null where memory ran out: then
// every call runs by its caller alone, since no exception may cross the C interface or leave the handler of a fork.
std::atomic<ThreadPool*> pool_of_this_process{new (std::nothrow) ThreadPool};

#if !defined(_WIN32)
// A forked child has the memory but not the threads, neither these nor the host's. Whatever another thread of the
// parent was in the middle of, locks among it, is left behind as it is.
void forget() {
    pool_of_this_process.store(new (std::nothrow) ThreadPool);
    host.store(nullptr);
}

// When the library is loaded: a fork during the first call must find it.
const int registered = pthread_atfork(nullptr, nullptr, forget);
#endif

}  // namespace

void Barrier::wait() {
    const uint32_t round = round_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == workers_.load(std::memory_order_relaxed)) {
        arrived_.store(0, std::memory_order_relaxed);
        round_.store(round + 1, std::memory_order_release);
        return;
    }
    // Where cores are shared, the one that is waited for may need this one.
    for (int spins = 0; round_.load(std::memory_order_acquire) == round; ++spins)
        if (spins < 4000)
            pause();
        else
            std::this_thread::yield();
}

void run_parallel(int count, Work work, void* what) {
    if (ThreadPool* const here = count > 1 ? pool_of_this_process.load() : nullptr) {
        ThreadPool& pool = *here;
        std::unique_lock<std::mutex> used(pool.used, std::try_to_lock);
        if (used.owns_lock()) {
            {
                std::lock_guard<std::mutex> hold(pool.lock);
                try {
                    while (pool.started < count) {
                        std::thread(&ThreadPool::serve, &pool, pool.started).detach();
                        ++pool.started;
                    }
                } catch (const std::exception&) {
                    count = pool.started;  // the system gives no more threads, or no memory for them
                }
            }
            Barrier barrier(count);
            {
                std::lock_guard<std::mutex> hold(pool.lock);
                pool.work = work;
                pool.what = what;
                pool.barrier = &barrier;
                pool.wanted = count;
                pool.running.store(count - 1, std::memory_order_relaxed);
                ++pool.call;
            }
            pool.called.notify_all();
            work(what, {0, count, &barrier});
            for (int spins = 0; pool.running.load(std::memory_order_acquire); ++spins)
                if (spins < 4000)
                    pause();
                else
                    std::this_thread::yield();
            return;
        }
    }
    work(what, {});
}

void set_host(void* parallel, void* team_size, void* rank) {
    host_team_size.store(reinterpret_cast<Number>(team_size));
    host_rank.store(reinterpret_cast<Number>(rank));
    host.store(reinterpret_cast<Parallel>(parallel));
}

void run_team(int threads, Work work, void* what) {
    struct Team {
        Work work;
        void* what;
        Number size, rank;
        Barrier barrier{0};
    } team{work, what, host_team_size.load(), host_rank.load()};
    const Parallel parallel = host.load();
    if (threads <= 1 || !parallel || !team.size || !team.rank) return run_parallel(threads, work, what);
    parallel(
        [](void* given) {
            Team& own = *static_cast<Team*>(given);
            const int workers = own.size();  // fewer than were asked for where the host is at its limit
            own.barrier.expect(workers);
            own.work(own.what, {own.rank(), workers, &own.barrier});
        },
        &team, static_cast<unsigned>(threads), 0);
}

void run_on_host(int threads, Work work, void* what) {
    const Parallel parallel = host.load();
    if (!parallel) return run_parallel(threads, work, what);
    struct Both {
        Work work;
        void* what;
    } both{work, what};
    parallel(
        [](void* given) {
            const Both& own = *static_cast<const Both*>(given);
            own.work(own.what, {});
        },
        &both, static_cast<unsigned>(threads), 0);
}

}  // namespace torso
