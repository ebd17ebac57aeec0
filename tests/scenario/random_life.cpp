// random_life: what transcripts do by hand, at random and by the thousand. Each seed submits,
// takes, reports, steers, kills and rebuilds in an order of its own; then everything is resumed and
// worked off. Nothing may be lost, nothing counted twice, and a rebuilt state must say the same.
#include "world.hpp"

#include "base/random.hpp"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace kwq;

class life {
public:
    explicit life(std::uint64_t seed) : random_(seed) {}

    /// Everything that was done and what came of it.
    const std::string& trace() const { return trace_; }

    void run(int steps) {
        world_.add_queue("other", 2);
        for (int i = 0; i < steps; ++i) {
            step();
        }
        drain();
        verify();
    }

private:
    std::string pick(const std::vector<std::string>& of) { return of[random_.below(of.size())]; }
    bool chance(std::uint64_t of_100) { return random_.below(100) < of_100; }
    std::string job() { return pick({"a", "b", "c"}); }
    std::string number(std::uint64_t below) { return std::to_string(random_.below(below)); }

    void verb(const std::string& line) {
        trace_ += line + "\n";
        scenario::run_verb(world_, line);
        trace_ += world_.take_output();
    }

    void submit() {
        const bool again = !ids_.empty() && chance(10);
        const std::string id = again ? pick(ids_) : "t" + std::to_string(ids_.size());
        std::string line = "submit " + id + " job=" + (again ? jobs_.at(id) : job()) +
                           " backoff=" + number(4) + " lease=20";
        if (again) {
            ++repeats_;
            line += queue_of_.at(id);
        } else {
            const std::string where =
                chance(15) ? " queue=other priority=" + std::to_string(1 + random_.below(2))
                           : " priority=" + std::to_string(1 + random_.below(9));
            queue_of_[id] = where;
            jobs_[id] = line.substr(line.find("job=") + 4, 1);
            ids_.push_back(id);
            line += where;
            line += chance(10) ? " not_before=" + number(30) : "";
            line += chance(5) ? " expires=" + number(40) : "";
            line += chance(10) ? " timeout=" + std::to_string(5 + random_.below(10)) : "";
            line += chance(20) ? " max_attempts=1" : "";
        }
        verb(line);
    }

    std::string some_lease() {
        // The newest are the likeliest to be live; old ones are stale reports.
        const auto n = world_.lease_count();
        if (n == 0) {
            return "L0";
        }
        const auto back = random_.below(chance(80) ? std::min<std::uint64_t>(n, 6) : n);
        return "L" + std::to_string(n - back);
    }

    void work() {
        switch (random_.below(8)) {
            case 0:
            case 1: verb("complete " + some_lease()); break;
            case 2: verb("error " + some_lease() + (chance(20) ? " retry=false" : "")); break;
            case 3: verb("release " + some_lease() + (chance(30) ? " delay=3" : "")); break;
            case 4: verb("running " + some_lease()); break;
            case 5: verb("heartbeat " + some_lease()); break;
            case 6:
                verb("poll w" + number(3) + " max=3 wait=" + number(5) +
                     " queues=" + pick({"default", "other", "other,default"}) +
                     " settle=" + some_lease() + ":complete");
                break;
            default:
                verb("poll w" + number(3) + " max=" + std::to_string(1 + random_.below(4)));
                break;
        }
    }

    void steer() {
        switch (random_.below(9)) {
            case 0: verb("pause job=" + job() + (chance(50) ? " for=" + number(30) : "")); break;
            case 1: verb("resume job=" + job()); break;
            case 2:
                verb(chance(50) ? "pause queue=default priority=5" : "pause queue=other");
                break;
            case 3:
                verb("resume queue=default priority=5");
                verb("resume queue=other");
                break;
            case 4:
                if (!ids_.empty()) {
                    verb("cancel " + pick(ids_));
                }
                break;
            case 5:
                if (!ids_.empty()) {
                    verb("retry " + pick(ids_));
                }
                break;
            case 6: verb(chance(20) ? "cancel-job " + job() : "retry-job " + job()); break;
            case 7: verb(chance(20) ? "empty other" : "advance 1"); break;
            default: verb("garbage priority=" + std::to_string(1 + random_.below(9))); break;
        }
    }

    void step() {
        const auto draw = random_.below(100);
        if (draw < 30) {
            submit();
        } else if (draw < 75) {
            work();
        } else if (draw < 88) {
            steer();
        } else if (draw < 97) {
            verb("advance " + std::to_string(1 + random_.below(8)));
        } else {
            verb(chance(80) ? "restart" : "rebuild");
        }
    }

    void drain() {
        for (const auto* j : {"a", "b", "c"}) {
            verb(std::string("resume job=") + j);
        }
        verb("resume queue=default priority=5");
        verb("resume queue=other");
        for (int round = 0; round < 400; ++round) {
            const auto before = world_.lease_count();
            verb("poll last max=50 queues=default,other");
            for (auto n = before + 1; n <= world_.lease_count(); ++n) {
                verb("complete L" + std::to_string(n));
            }
            verb("advance 7");
            if (open_tasks().empty()) {
                return;
            }
        }
        throw std::runtime_error("not worked off: " + *open_tasks().begin());
    }

    std::map<std::string, std::string> places() const {
        std::map<std::string, std::string> out;
        for (const auto& [place, id] : world_.submitted()) {
            const auto facts =
                world_.core().state().effective(place, model::job_name{jobs_.at(id)});
            out[to_string(place)] = std::string(to_string(facts.place)) + " " +
                                    std::to_string(facts.attempt) + " " +
                                    std::to_string(facts.since.value());
        }
        return out;
    }

    std::set<std::string> open_tasks() const {
        std::set<std::string> open;
        for (const auto& [place, id] : world_.submitted()) {
            const auto facts =
                world_.core().state().effective(place, model::job_name{jobs_.at(id)});
            const bool ended =
                facts.place == model::place::complete || facts.place == model::place::dead ||
                facts.place == model::place::cancelled || facts.place == model::place::duplicate;
            if (!ended) {
                open.insert(to_string(place) + " " + id + " " +
                            std::string(to_string(facts.place)));
            }
        }
        return open;
    }

    void verify() {
        std::map<std::string, int> completions;
        for (const auto& id : world_.completed()) {
            if (++completions[id] > 1) {
                throw std::runtime_error(id + " was counted complete twice");
            }
        }
        const auto before = places();
        world_.rebuild();
        world_.take_output();
        if (places() != before) {
            throw std::runtime_error("the rebuilt state says something else");
        }
    }

    seeded_random random_;
    scenario::world world_;
    std::vector<std::string> ids_;
    std::map<std::string, std::string> jobs_;
    std::map<std::string, std::string> queue_of_;
    int repeats_ = 0;
    std::string trace_;
};

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
    const std::uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 300;
    const int steps = argc > 3 ? std::atoi(argv[3]) : 250;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        life one(seed);
        try {
            one.run(steps);
        } catch (const std::exception& e) {
            if (count == 1) {
                std::printf("%s", one.trace().c_str());
            }
            std::printf("seed %llu (random_life %llu 1 %d): %s\n",
                        static_cast<unsigned long long>(seed),
                        static_cast<unsigned long long>(seed), steps, e.what());
            return 1;
        }
    }
    std::printf("%llu lives of %d steps: nothing lost, nothing twice\n",
                static_cast<unsigned long long>(count), steps);
    return 0;
}
