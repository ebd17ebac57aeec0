#include "observe/logger.hpp"
