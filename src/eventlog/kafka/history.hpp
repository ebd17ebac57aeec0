// history: reads records that the views no longer keep. A *stream* is one partition being fetched
// from one place on; a read that goes on where the last one stopped finds its stream open, with the
// next records fetched already. Reads of single records have a client of their own that fetches
// little. All calls wait for the cluster. Any thread.
#pragma once

#include "eventlog/kafka/client.hpp"

#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace kwq::eventlog::kafka {

class history {
public:
    history(const kafka_config& config, const client_notes& notes);
    ~history();

    /// Records from `from` on, below `end`; at most `max_bytes` but at least one, if there is one.
    result<std::vector<log_record>> read(const topic_partition& where, offset from, offset end,
                                         std::size_t max_bytes);

private:
    struct reader;
    struct stream;

    stream& take_stream(const topic_partition& where, offset from, bool single);
    stream* find_open(const topic_partition& where, offset from, bool single);
    stream* reopen_idle(const topic_partition& where, offset from, bool single);
    stream* open_new(const topic_partition& where, offset from, bool single);
    void put_back(stream& s, bool close);
    void close_idle();
    void start(stream& s, offset from);
    static void wake(stream& s);
    static void fetch(stream& s, bool waits);

    const kafka_config& config_;
    const client_notes& notes_;
    std::mutex mutex_;
    std::condition_variable put_back_;
    std::uint64_t uses_ = 0;
    std::vector<std::unique_ptr<reader>> readers_;
    std::list<std::unique_ptr<stream>> streams_;  // under mutex_, but for what a busy one holds
};

}  // namespace kwq::eventlog::kafka
