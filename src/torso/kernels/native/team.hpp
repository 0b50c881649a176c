// The threads that run kernels: as many as a call asks for, asleep between calls.
#pragma once

#include <atomic>
#include <cstdint>

namespace torso {

// Where the members of a team wait for each other. The last to come lets all go on.
class Barrier {
  public:
    explicit Barrier(int members) : members_(members) {}
    void wait();

  private:
    const int members_;
    std::atomic<int> arrived_{0};
    std::atomic<uint32_t> round_{0};
};

// What a member of a team knows of it.
struct Member {
    int rank = 0, members = 1;
    Barrier* barrier = nullptr;
    void wait() const {
        if (barrier) barrier->wait();
    }
};

typedef void (*Work)(void* what, const Member& member);

// Runs work by `threads` members, of which the caller is one. While another call has the threads, by the caller alone.
void run_team(int threads, Work work, void* what);

template <class Function>
void run_team(int threads, const Function& function) {
    run_team(
        threads, [](void* what, const Member& member) { (*static_cast<const Function*>(what))(member); },
        const_cast<void*>(static_cast<const void*>(&function)));
}

// The function GOMP_parallel of the host's OpenMP library, or null.
void set_host(void* parallel);

// As run_team, for work that needs neither ranks nor barriers: on the threads of the host's OpenMP library, where there
// is one. Its threads spin for a while after each of its own loops, and would hold up any others.
void run_on_host(int threads, Work work, void* what);

template <class Function>
void run_on_host(int threads, const Function& function) {
    run_on_host(
        threads, [](void* what, const Member& member) { (*static_cast<const Function*>(what))(member); },
        const_cast<void*>(static_cast<const void*>(&function)));
}

}  // namespace torso
