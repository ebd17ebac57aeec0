// commit: what was built, so that a seed can be tried again: a history changes with the sources.
// Written at each build by commit.cmake; `-dirty` when there were changes that are not committed.
#pragma once

namespace kwq::sim {

const char* commit();

}  // namespace kwq::sim
