#include "tracker/tracker.hpp"
