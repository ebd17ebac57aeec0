#include "rest/api.hpp"
