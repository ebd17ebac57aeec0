// kwq-sim: runs worlds, one seed after the other, and says what came of them.
#include "sim/report.hpp"

int main(int argc, char** argv) {
    const auto asked = kwq::sim::read_arguments(argc, argv);
    return asked ? kwq::sim::run_seeds(*asked) : 2;
}
